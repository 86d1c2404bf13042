// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ring.hpp"
#include "connections/facts.hpp"

namespace tcpctl {

/// The last connections that ended on one worker, bounded in count; the oldest give way, and that is counted.
/// Threads: only on the worker's loop.
class History {
 public:
  struct Entry {
    Facts facts;
    Address local;
    std::optional<TcpRow> tcp;               // sampled before the descriptor was closed
    std::optional<Instant> time_wait_until;  // while the kernel holds the closed socket
  };

  explicit History(std::size_t limit) : entries_{limit} {}

  void add(Entry entry);
  [[nodiscard]] const Ring<Entry>& entries() const { return entries_; }  // oldest first
  [[nodiscard]] const Entry* find(ConnectionId id) const;
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::uint64_t dropped_{0};
  Ring<Entry> entries_;
};

/// `entry` as the API shows it; its state is TIME_WAIT for the 60 s that the kernel keeps it, then CLOSED.
[[nodiscard]] ConnectionRow to_row(const History::Entry& entry, Instant now);

}  // namespace tcpctl
