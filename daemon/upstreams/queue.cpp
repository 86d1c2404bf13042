// SPDX-License-Identifier: Apache-2.0
#include "upstreams/queue.hpp"

namespace tcpctl {

void WaitingQueue::wait(Ticket ticket, bool again, const UpstreamSet& upstreams) {
  const auto had = asked_.find(ticket);
  const Place place = again && had != asked_.end() ? had->second : ++last_;
  order_.emplace(place, ticket);
  places_.emplace(ticket, place);
  // A place that became free while the ticket was on its way has told nobody.
  if (!again) look(upstreams);
}

void WaitingQueue::leave(Ticket ticket) {
  const auto found = places_.find(ticket);
  if (found == places_.end()) return;
  order_.erase(found->second);
  places_.erase(found);
}

void WaitingQueue::admitted(Ticket ticket, const UpstreamSet& upstreams) {
  asked_.erase(ticket);
  look(upstreams);
}

void WaitingQueue::look(const UpstreamSet& upstreams) {
  if (upstreams.is_resolving()) return;
  // Where nobody takes new sessions any more, all are asked, and learn of it.
  const auto room = upstreams.tiers().empty() ? Upstream::kNoLimit : upstreams.room();
  while (!order_.empty() && asked_.size() < room) {
    const auto [place, first] = *order_.begin();
    leave(first);
    asked_.emplace(first, place);
    admit_(first);
  }
}

}  // namespace tcpctl
