// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// For which share of the last hour and of the last day something was up.
///
/// Time in which nothing is known (before it began, while it is paused) counts as neither. The hour is told
/// to the minute and the day to the hour: the window is up to one bucket shorter than its name. The clock is
/// the monotonic one. Threads: one writer, who reads, too.
class Availability {
 public:
  enum class State : std::uint8_t { unknown, down, up };

  explicit Availability(Instant now) : begin_{now} {}

  /// From `now` on.
  void set(State state, Instant now);
  /// 0 .. 1; nothing where nothing is known of that time.
  [[nodiscard]] std::optional<double> last_hour(Instant now) const;
  [[nodiscard]] std::optional<double> last_day(Instant now) const;

 private:
  /// Each bucket is split into so many units, which 16 bits hold.
  static constexpr std::uint64_t kUnits = 60'000;
  template <std::size_t N>
  struct Buckets {
    void add(std::uint64_t from, std::uint64_t until, State state);
    [[nodiscard]] std::optional<double> share() const;
    std::array<std::uint16_t, N> up{}, known{};
  };
  /// `minutes_` and `hours_` as they are at `now`.
  void advance(Instant now);

  Instant begin_;
  Duration counted_{0};  // since `begin_`
  State state_{State::unknown};
  Buckets<60> minutes_;
  Buckets<24> hours_;
};
static_assert(sizeof(Availability) < 400);  // there are thousands

}  // namespace tcpctl
