// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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
  void set(State next, Instant now);
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
  /// Both windows as they are at `until`, which is since `begin_`.
  struct Windows {
    void advance(State state, Duration next);
    Duration until{0};
    Buckets<60> minutes;
    Buckets<24> hours;
  };
  /// A state and the moment, since `begin_`, from which on it holds, in one word.
  class Change {
   public:
    Change(State state, Duration at)
        : bits_{static_cast<std::uint64_t>(at.count()) << 2 | static_cast<std::uint64_t>(state)} {}
    [[nodiscard]] State state() const { return static_cast<State>(bits_ & 3U); }
    [[nodiscard]] Duration at() const { return Duration{static_cast<std::int64_t>(bits_ >> 2)}; }

   private:
    std::uint64_t bits_;
  };
  static constexpr std::size_t kMostChanges = 16;

  [[nodiscard]] State state() const { return changes_.empty() ? State::unknown : changes_.back().state(); }
  [[nodiscard]] Windows windows_at(Instant now) const;
  void make_room();

  // Most change seldom: then the changes of a day are all there is to remember, and windows are made when
  // somebody asks. Those before the changes are kept only where there were more.
  Instant begin_;
  std::vector<Change> changes_;
  std::unique_ptr<const Windows> before_;
};
static_assert(sizeof(Availability) <= 40);  // there are thousands

}  // namespace tcpctl
