// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "stats/counter.hpp"
#include "stats/source_table.hpp"

namespace tcpctl {

class Hub;
class Loop;
struct ListenerPlan;

/// An accepted socket on its way to the worker that will serve it.
struct Accepted {
  std::shared_ptr<const ListenerPlan> plan;
  Fd fd;
  Address remote;
  SourcePlace place{};
};

/// The daemon's workers, as an acceptor sees them: how much each has to do, and the way to it.
/// Made before the loops run, and const from then on but for the limit, which the main thread writes.
/// Threads: any.
struct Crew {
  struct Member {
    Loop* loop;
    Hub* hub;             // touched on its own loop only
    const Counter* load;  // its worker's
  };
  std::vector<Member> members;
  Counter max_connections;  // of the daemon

  /// Sockets of all connections, with those on their way from an acceptor to their worker and those that
  /// sessions are still going to need: what a limit is held against.
  [[nodiscard]] std::uint64_t load() const;
  /// Of these, the sockets that there are.
  [[nodiscard]] std::uint64_t sockets() const;
  /// `load` as a share of the limit.
  [[nodiscard]] double fullness() const;
  static constexpr double kNearlyFull = 0.9;
  /// What is left of configured idle timeouts: 1 up to kNearlyFull, then in a straight line to 0.1.
  [[nodiscard]] static double idle_timeout_factor(double fullness);
  /// The worker that accepts for the listener `name`, the same for a name for ever.
  [[nodiscard]] std::size_t acceptor_of(const std::string& name) const;
};

}  // namespace tcpctl
