// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ring.hpp"
#include "connections/facts.hpp"
#include "connections/id_index.hpp"
#include "tcp/sock_diag.hpp"
#include "tcp/state.hpp"

namespace tcpctl {

/// The last connections that ended on one worker, bounded in count and in bytes; the oldest give way, and
/// that is counted. Memory for them is taken as they come, some 30 KiB at a time.
/// Threads: only on the worker's loop.
class History {
 public:
  /// All entries together take at most this for each that `limit` allows. A long detail is cut so that its
  /// entry keeps to it; what has the Unix paths of a PROXY header may take more, and makes others go sooner.
  static constexpr std::size_t kEntryBytes = 1024;
  static constexpr std::size_t kLeastDetail = 64;  // is never cut

  struct Entry {
    Facts facts;
    Address local;
    std::optional<TcpRow> tcp;
    std::uint64_t cookie{0};                 // 0 = the kernel holds nothing of it
    tcp::State left_in{tcp::State::closed};  // where the descriptor was closed, the kernel went on from here
  };

  explicit History(std::size_t limit) : entries_{limit}, index_{limit} {}

  void add(Entry entry);
  /// `last` is the TCP_INFO that `id` ended with, if it is still here.
  void settle(ConnectionId id, const tcp::Info& last);
  [[nodiscard]] const Ring<Entry>& entries() const { return entries_; }  // oldest first
  [[nodiscard]] const Entry* find(ConnectionId id) const;
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// The memory that it takes: the places, where they are found, and what its entries have outside of them.
  [[nodiscard]] std::size_t bytes() const {
    return entries_.places() * sizeof(Entry) + index_.bytes() + outside_;
  }

 private:
  /// The oldest is about to go.
  void part_with_front();
  [[nodiscard]] std::optional<std::size_t> number_of(ConnectionId id) const;

  std::uint64_t dropped_{0};
  std::size_t outside_{0};
  Ring<Entry> entries_;
  std::size_t front_place_{0};  // of the ring's oldest; the others follow, in turn
  IdIndex index_;
};

/// What `entry` has allocated, with what malloc(3) adds; what it shares with others is not counted.
[[nodiscard]] std::size_t heap_bytes(const History::Entry& entry);
/// The state that the kernel holds what is left of `entry` in, as `held` knows. Where that does not tell of
/// it: the one it was left in if `held` is but older, or TIME_WAIT for the 60 s that this lasts; else CLOSED.
[[nodiscard]] tcp::State state_of(const History::Entry& entry, Instant now,
                                  const tcp::ClosingSockets& held = {});
/// `entry` as the API shows it.
[[nodiscard]] ConnectionRow to_row(const History::Entry& entry, Instant now,
                                   const tcp::ClosingSockets& held = {});

}  // namespace tcpctl
