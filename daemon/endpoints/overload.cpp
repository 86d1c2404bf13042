// SPDX-License-Identifier: Apache-2.0
#include "endpoints/overload.hpp"

#include "base/log.hpp"
#include "connections/connection.hpp"
#include "endpoints/hub.hpp"

namespace tcpctl {
namespace {

constexpr Duration kLook = std::chrono::milliseconds{500};
constexpr double kOver = 0.85;  // below where it begins, so that it does not begin and end all the time

}  // namespace

void OverloadWatch::begin() {
  if (is_set() || crew_.fullness() < Crew::kNearlyFull) return;
  worker_.wheel().set(*this, worker_.time());
  log("overload.begin");
}

void OverloadWatch::on_deadline() {
  worker_.tick();
  const double fullness = crew_.fullness();
  if (fullness < kOver) {
    log("overload.end");
    return;
  }
  if (fullness >= Crew::kNearlyFull) {
    tell_others();
    make_room();
  }
  worker_.wheel().set(*this, worker_.time() + kLook);
}

// One that stopped in a dip that this one did not see has to begin again.
void OverloadWatch::tell_others() const {
  for (const Crew::Member& member : crew_.members) {
    if (&member.hub->worker() == &worker_) continue;
    member.loop->post([hub = member.hub] {
      hub->worker().tick();
      hub->watch_overload();
    });
  }
}

void OverloadWatch::make_room() {
  worker_.for_each([](Connection& connection) { connection.give_way(); });
  const double fullness = crew_.fullness();
  if (fullness < Crew::kNearlyFull) return;
  const double factor = Crew::idle_timeout_factor(fullness);
  worker_.for_each([factor](Connection& connection) { connection.end_if_idle(factor); });
}

// Each worker sees it for itself; one of them tells.
void OverloadWatch::log(const char* event) const {
  if (worker_.index() != 0) return;
  const double fullness = crew_.fullness();
  log::warn(event, log::f("connections", crew_.sockets()),
            log::f("max_connections", crew_.max_connections.read()),
            log::f("idle_timeout_factor", Crew::idle_timeout_factor(fullness)));
}

}  // namespace tcpctl
