// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace tcpctl {

/// How long the last attempts took, to the microsecond, and which of them failed. Threads: one owner.
class RecentTimes {
 public:
  static constexpr std::size_t kMost = 32;

  void add(Duration took);
  void add_failed() { put(kFailed); }
  /// Oldest first; nothing for one that failed.
  [[nodiscard]] std::vector<std::optional<Duration>> all() const;

 private:
  static constexpr std::uint32_t kFailed = UINT32_MAX;
  void put(std::uint32_t value);

  std::vector<std::uint32_t> values_;  // us; it grows up to kMost, for most have few
  std::uint8_t next_{0};               // to be written over, once there are kMost: the oldest
};

}  // namespace tcpctl
