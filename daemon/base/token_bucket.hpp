// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// So many a second, and so many at once after a pause: of connections, or of bytes.
///
/// Of what was taken, the moment until which it lasts is all that has to be kept (a "theoretical arrival
/// time"); it is before now after a pause. Threads: a plain value. Source: ITU-T I.371, generic cell rate
/// algorithm, as virtual scheduling.
class TokenRate {
 public:
  /// `rate` a second, above 0; `burst` at once, at least 1.
  TokenRate(double rate, double burst)
      : per_token_{1e9 / rate}, depth_{static_cast<std::int64_t>(std::min(burst * per_token_, kLongest))} {}

  /// Whole ones that may be taken now.
  [[nodiscard]] std::uint64_t available(Instant taken_until, Instant now) const {
    const Duration room = now + depth_ - std::max(taken_until, now);
    if (room <= Duration{0}) return 0;
    // A nanosecond of grace, for what rounding took.
    return static_cast<std::uint64_t>((static_cast<double>(room.count()) + 1) / per_token_);
  }
  /// What `count` last for.
  [[nodiscard]] Duration cost(std::uint64_t count) const {
    return Duration{static_cast<std::int64_t>(std::min(static_cast<double>(count) * per_token_, kLongest))};
  }
  /// When `count` may be taken, if nobody takes any before.
  [[nodiscard]] Instant when(Instant taken_until, std::uint64_t count) const {
    return taken_until - depth_ + std::min(cost(count), depth_);
  }

 private:
  static constexpr double kLongest = 3.6e15;  // 1000 h, far from where nanoseconds overflow

  double per_token_;  // ns
  Duration depth_;
};

/// Takes at a rate. What is taken may exceed what there is; the debt is waited off. Threads: a plain value.
class TokenBucket {
 public:
  TokenBucket(double rate, double burst) : rate_{rate, burst} {}

  [[nodiscard]] std::uint64_t available(Instant now) const { return rate_.available(taken_until_, now); }
  void take(Instant now, std::uint64_t count) {
    taken_until_ = std::max(taken_until_, now) + rate_.cost(count);
  }
  [[nodiscard]] Instant when(std::uint64_t count) const { return rate_.when(taken_until_, count); }

 private:
  TokenRate rate_;
  Instant taken_until_{};
};

/// The one moment of a bucket that several threads take from, each by a TokenRate of its own.
/// Threads: any. See docs/adr/0007-bandwidth-is-taken-from-one-bucket.md.
class SharedTokens {
 public:
  [[nodiscard]] Instant taken_until() const { return Instant{Duration{taken_until_.load()}}; }
  /// Answers the moment until which it was taken before, at least `now`.
  Instant take(Instant now, Duration cost) {
    std::int64_t before = taken_until_.load();
    std::int64_t from = 0;
    do {
      from = std::max(before, now.time_since_epoch().count());
    } while (!taken_until_.compare_exchange_weak(before, from + cost.count()));
    return Instant{Duration{from}};
  }
  void give_back(Duration cost) { taken_until_.fetch_sub(cost.count()); }
  /// Forgets what was taken at another rate than `rate`.
  void begin(std::uint64_t rate) {
    if (rate_.exchange(rate) != rate) taken_until_.store(0);
  }

 private:
  std::atomic<std::int64_t> taken_until_{0};  // ns
  std::atomic<std::uint64_t> rate_{0};
};

}  // namespace tcpctl
