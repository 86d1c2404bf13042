// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The moments of one connection's life, each at most once and the first time only; 120 bytes.
/// Threads: a plain value.
class Timeline {
 public:
  void seen(TimelineEvent event, Instant when);
  /// It must have happened, but the kernel does not tell when.
  void inferred(TimelineEvent event);
  [[nodiscard]] bool has(TimelineEvent event) const { return (known_ & bit(event)) != 0; }
  [[nodiscard]] bool is_inferred(TimelineEvent event) const { return (inferred_ & bit(event)) != 0; }

  /// In the order in which they happened; an inferred one stands where the protocol puts it.
  /// `opened` and `opened_wall` are one moment on both clocks.
  [[nodiscard]] std::vector<TimelineRow> rows(Instant opened, WallTime opened_wall) const;

 private:
  [[nodiscard]] static std::uint16_t bit(TimelineEvent event) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(event));
  }

  std::array<Instant, kTimelineEvents> at_{};
  std::uint16_t known_{0};
  std::uint16_t inferred_{0};
};

}  // namespace tcpctl
