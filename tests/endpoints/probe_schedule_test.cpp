// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_schedule.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

ProbeSchedule::Rules rules(Duration interval, double place = 0.3, std::size_t probes = 1) {
  return {.interval = interval, .jitter = 0, .place = place, .probes = probes};
}

TEST(ProbeSchedule, BeginsAtOnceWhereItIsAlone) {
  ProbeSchedule schedule{rules(1h), Instant{}, Instant{}};

  EXPECT_EQ(schedule.due(), Instant{});
}

TEST(ProbeSchedule, GoesOnAtItsPlaceInEachInterval) {
  ProbeSchedule schedule{rules(10s, 0.7), Instant{}, Instant{}};

  std::vector<Instant> due;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(schedule.begin(schedule.due()), 0U);
    due.push_back(schedule.due());
  }

  EXPECT_EQ(due, (std::vector<Instant>{Instant{} + 7s, Instant{} + 17s, Instant{} + 27s}));
}

TEST(ProbeSchedule, LeavesHalfAnIntervalBehindTheFirstRun) {
  ProbeSchedule schedule{rules(10s, 0.2), Instant{}, Instant{}};

  (void)schedule.begin(Instant{});

  EXPECT_EQ(schedule.due(), Instant{} + 12s);
}

TEST(ProbeSchedule, SkipsWholeIntervalsAndCountsThem) {
  ProbeSchedule schedule{rules(10s, 0.5), Instant{}, Instant{}};
  (void)schedule.begin(Instant{});  // the next at 5 s

  EXPECT_EQ(schedule.begin(Instant{} + 14s), 0U) << "late, in its own interval";
  EXPECT_EQ(schedule.due(), Instant{} + 15s);
  EXPECT_EQ(schedule.begin(Instant{} + 36s), 2U) << "that of 15 and that of 25";
  EXPECT_EQ(schedule.due(), Instant{} + 45s);
}

TEST(ProbeSchedule, ComesEarlierOrLaterByItsJitter) {
  auto shaken = rules(10s, 0.5);
  shaken.jitter = 0.1;
  ProbeSchedule schedule{shaken, Instant{}, Instant{}};

  Duration least{10s};
  Duration most{-10s};
  (void)schedule.begin(Instant{});
  for (int i = 0; i < 1000; ++i) {
    const Duration off = schedule.due() - (Instant{} + 5s + i * Duration{10s});
    least = std::min(least, off);
    most = std::max(most, off);
    EXPECT_EQ(schedule.begin(schedule.due()), 0U);
  }

  EXPECT_GE(least, -1s);
  EXPECT_LE(most, 1s);
  EXPECT_LT(least, -900ms);
  EXPECT_GT(most, 900ms);
}

TEST(ProbeSchedule, KeepsItsPlaceOverAReload) {
  auto again = rules(10s, 0.5);
  again.has_run = true;

  const ProbeSchedule schedule{again, Instant{}, Instant{} + 42s};

  EXPECT_EQ(schedule.due(), Instant{} + 45s);
}

TEST(ProbeSchedule, RunsSoonAfterAReloadWhereItsPlaceIsFarAhead) {
  auto again = rules(1h, 0.5);
  again.has_run = true;
  ProbeSchedule schedule{again, Instant{}, Instant{} + 40min};
  EXPECT_EQ(schedule.due(), Instant{} + 40min);

  (void)schedule.begin(schedule.due());

  EXPECT_EQ(schedule.due(), Instant{} + 90min);
}

TEST(ProbeSchedule, KeepsItsPlaceOverAPause) {
  ProbeSchedule schedule{rules(10s, 0.5), Instant{}, Instant{}};
  (void)schedule.begin(Instant{});

  schedule.resume(Instant{} + 61s);

  EXPECT_EQ(schedule.due(), Instant{} + 65s);
}

TEST(ProbeSchedule, SpreadsThousandsOverTheirInterval) {
  constexpr std::size_t kProbes = 5000;
  std::vector<Instant> starts;
  for (std::size_t i = 0; i < kProbes; ++i) {
    auto mine = rules(10s, ProbeSchedule::place_of(fmt::format("probe-{:04}", i)), kProbes);
    mine.jitter = 0.1;
    ProbeSchedule schedule{mine, Instant{}, Instant{}};
    while (schedule.due() < Instant{} + 60s) {
      starts.push_back(schedule.due());
      ASSERT_EQ(schedule.begin(schedule.due()), 0U);
    }
  }
  std::ranges::sort(starts);

  std::size_t largest = 0;
  for (auto first = starts.begin(), last = starts.begin(); last != starts.end(); ++last) {
    while (*last - *first >= 100ms) ++first;
    largest = std::max(largest, static_cast<std::size_t>(last - first) + 1);
  }
  EXPECT_LE(largest, kProbes * 3 / 100);
  EXPECT_NEAR(static_cast<double>(starts.size()), 6.0 * kProbes, kProbes / 10.0);
}

TEST(ProbeSchedule, HasAPlaceForEveryName) {
  for (const auto* name : {"", "a", "smtp-check", "probe-1", "probe-2"}) {
    EXPECT_GE(ProbeSchedule::place_of(name), 0);
    EXPECT_LT(ProbeSchedule::place_of(name), 1);
  }
  EXPECT_EQ(ProbeSchedule::place_of("x"), ProbeSchedule::place_of("x"));
}

}  // namespace
}  // namespace tcpctl
