// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stats/snapshot.hpp"

namespace tcpctl {

/// Finds the place of an id among places that are taken in turn, each again once it is free.
///
/// A hash table that has as many buckets as places and grows by one at a time, so that nobody ever waits for
/// a whole table to be made anew; a few steps for each call. Threads: one owner.
/// Source: W. Litwin, "Linear hashing: a new tool for file and table addressing", 1980.
class IdIndex {
 public:
  using Place = std::uint32_t;

  /// Places are below `limit`.
  explicit IdIndex(std::size_t limit) : limit_{limit} {}

  /// `place` is free, and the first after all that were ever taken, or one of these.
  void add(ConnectionId id, Place place);
  /// `place` is taken.
  void remove(Place place);
  [[nodiscard]] std::optional<Place> find(ConnectionId id) const;

  static constexpr std::size_t kPlaceBytes = 16;
  [[nodiscard]] std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  static constexpr Place kNone = UINT32_MAX;
  struct Slot {
    ConnectionId id{};   // of this place
    Place next{kNone};   // in the same bucket
    Place first{kNone};  // of the bucket with this place's number
  };
  static_assert(sizeof(Slot) == kPlaceBytes);

  [[nodiscard]] std::size_t bucket_of(ConnectionId id) const;
  void link(Place place);
  void grow();

  std::size_t limit_;
  std::vector<Slot> slots_;
};

}  // namespace tcpctl
