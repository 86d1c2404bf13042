// SPDX-License-Identifier: Apache-2.0
#include "endpoints/overload.hpp"

#include <vector>

#include "base/log.hpp"
#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr Duration kLook = std::chrono::milliseconds{500};
constexpr double kOver = 0.85;  // below where it begins, so that it does not begin and end all the time

}  // namespace

bool OverloadWatch::begin() {
  if (is_set() || crew_.fullness() < Crew::kNearlyFull) return false;
  worker_.wheel().set(*this, worker_.time());
  log("overload.begin");
  return true;
}

void OverloadWatch::on_deadline() {
  worker_.tick();
  const double fullness = crew_.fullness();
  if (fullness < kOver) {
    log("overload.end");
    return;
  }
  if (fullness >= Crew::kNearlyFull) make_room(Crew::idle_timeout_factor(fullness));
  worker_.wheel().set(*this, worker_.time() + kLook);
}

void OverloadWatch::make_room(double factor) {
  // Ending changes the set, so the ids come first; an id that is gone by then was the other leg of one
  // before.
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : worker_.connections()) ids.push_back(id);
  for (const ConnectionId id : ids) {
    if (Connection* const connection = worker_.find(id)) connection->give_way(factor);
  }
}

// Each worker sees it for itself; one of them tells.
void OverloadWatch::log(const char* event) const {
  if (worker_.index() != 0) return;
  const double fullness = crew_.fullness();
  log::warn(event, log::f("connections", crew_.load()),
            log::f("max_connections", crew_.max_connections.read()),
            log::f("idle_timeout_factor", Crew::idle_timeout_factor(fullness)));
}

}  // namespace tcpctl
