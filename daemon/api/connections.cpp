// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/connection_list.hpp"
#include "api/handlers.hpp"
#include "base/text.hpp"

namespace tcpctl::api::handlers {
namespace {

Checked<ControlPlane::Kill> how_to_end(const Query& query) {
  const auto how = text(query, "how").value_or("graceful");
  if (how == "graceful") return ControlPlane::Kill::graceful;
  if (how == "reset") return ControlPlane::Kill::reset;
  return refuse(400, fmt::format("query parameter 'how': '{}' is neither graceful nor reset",
                                 escaped(as_bytes(how), 64)));
}

}  // namespace

Reply get_connections(const Call& call) {
  const auto query = connection_query(call.query, false);
  if (!query) return problem_reply(query.error());
  return connection_list(call.control.connections(*query));
}

Reply get_connection(const Call& call) {
  const auto id = connection_id(call);
  if (!id) return problem_reply(id.error());
  return connection_reply(call.control.connection(*id));
}

Reply end_connection(const Call& call) {
  const auto id = connection_id(call);
  if (!id) return problem_reply(id.error());
  const auto how = how_to_end(call.query);
  if (!how) return problem_reply(how.error());
  const auto done = call.control.kill(*id, *how);
  if (!done) return problem_reply(done.error());
  return json_reply({{"ended", 1}});
}

Reply end_connections(const Call& call) {
  const auto how = how_to_end(call.query);
  if (!how) return problem_reply(how.error());
  const auto query = connection_query(call.query, false);
  if (!query) return problem_reply(query.error());
  if (!query->has_filter()) {
    return problem_reply(400, "without a filter this would end every connection; give at least one");
  }
  const auto ended = call.control.kill_matching(*query, *how);
  if (!ended) return problem_reply(ended.error());
  return json_reply({{"ended", *ended}});
}

}  // namespace tcpctl::api::handlers
