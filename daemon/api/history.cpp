// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/connection_list.hpp"
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {

Reply get_history(const Call& call) {
  const auto query = connection_query(call.query, true);
  if (!query) return problem_reply(query.error());
  return connection_list(call.control.history(*query));
}

Reply get_closed(const Call& call) {
  const auto id = connection_id(call);
  if (!id) return problem_reply(id.error());
  const auto row = call.control.connection(*id);
  if (row && !row->close) return problem_reply(404, fmt::format("connection {} is not closed", id_text(*id)));
  return connection_reply(row);
}

}  // namespace tcpctl::api::handlers
