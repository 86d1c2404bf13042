// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {
namespace {

/// The addresses that wait to be bound. A listener that an operator paused is as he wants it.
Json unbound(const std::vector<ListenerRow>& listeners) {
  Json list = Json::array();
  for (const auto& listener : listeners) {
    for (const auto& address : listener.addresses) {
      if (address.state != "failed") continue;
      list.push_back({{"listener", listener.name},
                      {"address", address.configured},
                      {"error", or_null(address.error.empty() ? listener.error : address.error)}});
    }
  }
  return list;
}

}  // namespace

/// Asks nobody, so that it tells of the process alone and is answered even when all workers wait.
Reply get_healthz(const Call& /*call*/) { return json_reply({{"status", "ok"}}); }

Reply get_readyz(const Call& call) {
  const auto listeners = call.control.listeners();
  if (!listeners) return problem_reply(listeners.error());
  auto missing = unbound(*listeners);
  if (missing.empty()) return json_reply({{"status", "ok"}, {"unbound", std::move(missing)}});
  auto reply = problem_reply(503, "not every listener is bound");
  Json json = Json::parse(reply.body);
  json["unbound"] = std::move(missing);
  reply.body = dump(json);
  return reply;
}

}  // namespace tcpctl::api::handlers
