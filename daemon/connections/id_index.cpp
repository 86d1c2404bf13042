// SPDX-License-Identifier: Apache-2.0
#include "connections/id_index.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace tcpctl {

// Ids of one worker ascend in their low bits, so that these are spread as well as any hash of them.
std::size_t IdIndex::bucket_of(ConnectionId id) const {
  const std::size_t mask = std::bit_ceil(slots_.size()) - 1;
  const std::size_t bucket = static_cast<std::uint64_t>(id) & mask;
  return bucket < slots_.size() ? bucket : bucket & (mask >> 1U);  // that one is not split yet
}

void IdIndex::link(Place place) {
  Place& first = slots_[bucket_of(slots_[place].id)].first;
  slots_[place].next = std::exchange(first, place);
}

void IdIndex::grow() {
  const std::size_t count = slots_.size();
  if (count == slots_.capacity()) slots_.reserve(std::min(limit_, std::max<std::size_t>(64, 2 * count)));
  slots_.emplace_back();
  if (count == 0) return;
  // The one bucket that the new one takes from.
  Place place = std::exchange(slots_[count - std::bit_floor(count)].first, kNone);
  while (place != kNone) {
    const Place next = slots_[place].next;
    link(place);
    place = next;
  }
}

void IdIndex::add(ConnectionId id, Place place) {
  assert(place <= slots_.size() && place < limit_);
  if (place == slots_.size()) grow();
  slots_[place].id = id;
  link(place);
}

void IdIndex::remove(Place place) {
  Place* at = &slots_[bucket_of(slots_[place].id)].first;
  while (*at != place) at = &slots_[*at].next;
  *at = slots_[place].next;
}

std::optional<IdIndex::Place> IdIndex::find(ConnectionId id) const {
  if (slots_.empty()) return std::nullopt;
  for (Place place = slots_[bucket_of(id)].first; place != kNone; place = slots_[place].next) {
    if (slots_[place].id == id) return place;
  }
  return std::nullopt;
}

}  // namespace tcpctl
