// SPDX-License-Identifier: Apache-2.0
#include "api/connection_list.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace tcpctl::api {

Reply connection_list(const Result<ConnectionPage>& page) {
  if (!page) return problem_reply(page.error());
  std::string body = "{\"items\":[";
  for (const auto& row : page->items) {
    if (&row != &page->items.front()) body += ',';
    body += dump(to_json(row));
  }
  body += fmt::format("],\"total\":{},\"next\":{}}}", page->total, dump(or_null(page->next)));
  return {200, "application/json", std::move(body), {}};
}

Checked<ConnectionId> connection_id(const Call& call) {
  const auto& written = call.in_path("id");
  const auto id = parse_id(written);
  if (!id) return refuse(404, fmt::format("no connection '{}'", escaped(as_bytes(written), 64)));
  return *id;
}

}  // namespace tcpctl::api
