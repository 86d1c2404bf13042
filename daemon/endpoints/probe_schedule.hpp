// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

#include "base/clock.hpp"
#include "base/units.hpp"

namespace tcpctl {

/// When the runs of one probe begin: once in each interval, at a place of the probe's own in it, so that the
/// runs of thousands are spread evenly.
///
/// The places are counted from `origin`, so that whoever begins anew with the same origin, after a reload or
/// a pause, keeps its place. The first run of all, and one whose place is far ahead, comes sooner: all that
/// begin together share so long a time that kBeginnings of them begin in a second, but no more than an
/// interval.
/// Threads: a plain value.
class ProbeSchedule {
 public:
  static constexpr double kBeginnings = 500;
  static constexpr Duration kLongestWait = std::chrono::seconds{10};

  struct Rules {
    Duration interval;
    double jitter;        // of the interval, by which a run comes earlier or later
    double place;         // 0 .. 1, of the interval
    std::size_t probes;   // that may begin together
    bool has_run{false};  // since `origin`
  };

  /// Its place in 0 .. 1, spread evenly over all names.
  [[nodiscard]] static double place_of(std::string_view name);

  ProbeSchedule(const Rules& rules, Instant origin, Instant now);

  /// When the next run is to begin.
  [[nodiscard]] Instant due() const { return due_; }
  /// The run that was due begins at `now`; answers how many intervals went by without one.
  std::uint64_t begin(Instant now);
  /// After a time without runs: the next one is at its place again.
  void resume(Instant now);

 private:
  [[nodiscard]] Instant at(std::int64_t interval) const;
  /// The first of its places that is not before `when`.
  [[nodiscard]] std::int64_t first_after(Instant when) const;

  Rules rules_;
  Instant origin_;
  Instant due_{};
  std::int64_t next_{0};  // the interval of the run after the one that is due
  std::minstd_rand random_;
};

}  // namespace tcpctl
