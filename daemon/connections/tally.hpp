// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "connections/worker.hpp"
#include "tcp/state.hpp"

namespace tcpctl {

/// How many connections are in which state: counted in slices, so that no loop is held up by many of them.
/// Threads: `count` on the worker's loop; else a plain value.
class StateTally {
 public:
  /// What one slice looks at: some 0.1 ms.
  static constexpr std::size_t kSlice = 1000;

  /// Counts the next slice of the worker's connections, by id. False once there are no more.
  [[nodiscard]] bool count(const Worker& worker);
  [[nodiscard]] std::uint64_t in(tcp::State state) const {
    return counts_.at(static_cast<std::size_t>(state));
  }

 private:
  ConnectionId last_{};  // ids begin above it
  std::array<std::uint64_t, static_cast<std::size_t>(tcp::State::closing) + 1> counts_{};
};

}  // namespace tcpctl
