// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "upstreams/pool.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// Who waits for an upstream of one listener, on all workers, in the order of coming.
///
/// One waits on its own worker, and here stands its ticket. Whenever there may be room, as many of the first
/// as there is room for are asked to choose again; each of them answers with `admitted`, also if it is gone
/// by then, and one that found no room comes back to its place before that. So no free place is ever
/// forgotten. Threads: only on the director's loop.
class WaitingQueue {
 public:
  /// `admit` asks the worker of the ticket to call Pool::admit.
  explicit WaitingQueue(std::function<void(Ticket)> admit) : admit_{std::move(admit)} {}

  void wait(Ticket ticket, bool again, const UpstreamSet& upstreams);
  void leave(Ticket ticket);
  void admitted(Ticket ticket, const UpstreamSet& upstreams);
  /// There may be room: a place became free, or the set is another one.
  void look(const UpstreamSet& upstreams);
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  const std::function<void(Ticket)> admit_;
  using Place = std::uint64_t;
  std::map<Place, Ticket> order_;
  std::unordered_map<Ticket, Place> places_;  // of those in `order_`
  std::unordered_map<Ticket, Place> asked_;   // who were asked to choose and have not answered
  Place last_{0};
};

}  // namespace tcpctl
