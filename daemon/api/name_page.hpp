// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "api/handlers.hpp"

namespace tcpctl::api {

/// One page of `rows` in the order of their names. The cursor is the last name of the page before, so that it
/// stays valid while objects come and go.
template <class T>
[[nodiscard]] Reply answer_page(const Call& call, Result<std::vector<T>> rows) {
  const auto page = name_page(call.query);
  if (!page) return problem_reply(page.error());
  if (!rows) return problem_reply(rows.error());
  std::ranges::sort(*rows, {}, &T::name);
  if (page->descending) std::ranges::reverse(*rows);

  Json items = Json::array();
  const std::string* last = nullptr;
  bool more = false;
  for (const auto& row : *rows) {
    const bool behind = page->descending ? row.name < page->after : row.name > page->after;
    if (!page->after.empty() && !behind) continue;
    if (items.size() == page->limit) {
      more = true;
      break;
    }
    items.push_back(to_json(row));
    last = &row.name;
  }
  return json_reply(
      {{"items", std::move(items)}, {"total", rows->size()}, {"next", more ? Json(*last) : Json{}}});
}

}  // namespace tcpctl::api
