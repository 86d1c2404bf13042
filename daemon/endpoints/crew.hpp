// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "stats/counter.hpp"

namespace tcpctl {

class Hub;
class Loop;
struct ListenerPlan;

/// An accepted socket on its way to the worker that will serve it.
struct Accepted {
  std::shared_ptr<const ListenerPlan> plan;
  Fd fd;
  Address remote;
};

/// The daemon's workers, as an acceptor sees them: how much each has to do, and the way to it.
/// Made before the loops run, and const from then on but for the limit, which the main thread writes.
/// Threads: any.
struct Crew {
  struct Member {
    Loop* loop;
    Hub* hub;             // touched on its own loop only
    const Counter* load;  // sockets of its connections
  };
  std::vector<Member> members;
  Counter max_connections;  // of the daemon

  /// Sockets of all connections, those on their way from an acceptor to their worker included.
  [[nodiscard]] std::uint64_t load() const;
};

}  // namespace tcpctl
