// SPDX-License-Identifier: Apache-2.0
#include "app/drain.hpp"

#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {

std::function<void(double share, Instant by)> closing(CrewThreads& crew, ConnectionMatch match) {
  return [&crew, match = std::move(match)](double share, Instant by) {
    crew.post_all([match, share, by](Hub& hub) { hub.drain_connections(match, share, by); });
  };
}

ConnectionMatch sessions_of(const std::string& name) {
  return [name](const Connection& connection) {
    const Owner& owner = *connection.facts().owner;
    return owner.kind == Owner::Kind::listener && owner.name == name && owner.in_history;
  };
}

}  // namespace tcpctl
