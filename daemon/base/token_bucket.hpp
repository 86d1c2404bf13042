// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// So many a second, and so many at once after a pause: of connections, or of bytes.
///
/// What is taken may exceed what there is; the debt is waited off. The whole state is one moment, until which
/// all is taken (a "theoretical arrival time").
/// Threads: a plain value. Source: ITU-T I.371, generic cell rate algorithm, as virtual scheduling.
class TokenBucket {
 public:
  /// `rate` a second, above 0; `burst` at once, at least 1.
  TokenBucket(double rate, double burst)
      : per_token_{1e9 / rate}, depth_{static_cast<std::int64_t>(std::min(burst * per_token_, kLongest))} {}

  /// Whole ones that may be taken now.
  [[nodiscard]] std::uint64_t available(Instant now) const {
    const Duration room = now + depth_ - std::max(taken_until_, now);
    if (room <= Duration{0}) return 0;
    // A nanosecond of grace, for what rounding took.
    return static_cast<std::uint64_t>((static_cast<double>(room.count()) + 1) / per_token_);
  }
  void take(Instant now, std::uint64_t count) {
    const double cost = std::min(static_cast<double>(count) * per_token_, kLongest);
    taken_until_ = std::max(taken_until_, now) + Duration{static_cast<std::int64_t>(cost)};
  }
  /// When `count` may be taken, if nobody takes any before.
  [[nodiscard]] Instant when(std::uint64_t count) const {
    const double wait =
        std::min(static_cast<double>(count) * per_token_, static_cast<double>(depth_.count()));
    return taken_until_ - depth_ + Duration{static_cast<std::int64_t>(wait)};
  }

 private:
  static constexpr double kLongest = 3.6e15;  // 1000 h, far from where nanoseconds overflow

  double per_token_;  // ns
  Duration depth_;
  Instant taken_until_{};
};

}  // namespace tcpctl
