// SPDX-License-Identifier: Apache-2.0
#include "api/connection_list.hpp"

#include <utility>

#include <fmt/format.h>

#include "api/json_text.hpp"
#include "base/text.hpp"

namespace tcpctl::api {

Reply connection_list(const Result<ConnectionPage>& page) {
  if (!page) return problem_reply(page.error());
  constexpr std::size_t kUsualRow = 1200;  // bytes; to guess too low costs a copy
  std::string body;
  body.reserve((page->items.size() + 1) * kUsualRow);
  body += "{\"items\":[";
  for (const auto& row : page->items) {
    if (&row != &page->items.front()) body += ',';
    write(body, row);
  }
  body += fmt::format("],\"total\":{},\"next\":{}}}", page->total,
                      page->next.empty() ? "null" : json_string(page->next));
  return {200, "application/json", std::move(body), {}};
}

Reply connection_reply(const Result<ConnectionRow>& row) {
  if (!row) return problem_reply(row.error());
  std::string body;
  write(body, *row);
  return {200, "application/json", std::move(body), {}};
}

Checked<ConnectionId> connection_id(const Call& call) {
  const auto& written = call.in_path("id");
  const auto id = parse_id(written);
  if (!id) return refuse(404, fmt::format("no connection '{}'", escaped(as_bytes(written), 64)));
  return *id;
}

}  // namespace tcpctl::api
