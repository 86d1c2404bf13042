// SPDX-License-Identifier: Apache-2.0
#include "stats/availability.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using State = Availability::State;

constexpr Instant kBegin{Duration{1'000'000'007}};

TEST(Availability, IsUnknownWhereNothingIsKnown) {
  Availability availability{kBegin};

  EXPECT_FALSE(availability.last_hour(kBegin + 5min));
  EXPECT_FALSE(availability.last_day(kBegin + 5min));
}

TEST(Availability, IsTheShareOfTheTimeThatIsKnown) {
  Availability availability{kBegin};
  availability.set(State::up, kBegin + 10min);
  availability.set(State::down, kBegin + 13min);

  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 14min).value(), 0.75);
  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 14min).value(), 0.75);
}

TEST(Availability, LeavesAPauseOut) {
  Availability availability{kBegin};
  availability.set(State::up, kBegin);
  availability.set(State::unknown, kBegin + 1min);
  availability.set(State::down, kBegin + 20min);

  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 21min).value(), 0.5);
}

TEST(Availability, ForgetsWhatIsOlderThanItsWindow) {
  Availability availability{kBegin};
  availability.set(State::down, kBegin);
  availability.set(State::up, kBegin + 2h);

  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 2h + 30min).value(), 0.5);
  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 3h).value(), 1);
  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 3h).value(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 400h).value(), 1);
}

TEST(Availability, AddsManyShortTimesUp) {
  Availability availability{kBegin};
  Instant at = kBegin;
  for (int i = 0; i < 200'000; ++i) {
    availability.set(i % 4 == 0 ? State::down : State::up, at);
    at += 761'803ns;
  }

  EXPECT_NEAR(availability.last_hour(at).value(), 0.75, 0.001);
  EXPECT_NEAR(availability.last_day(at).value(), 0.75, 0.02);
}

/// Up and down for two hours each, up to 200 h.
void alternate(Availability& availability, std::chrono::hours from) {
  for (auto at = from; at < 200h; at += 2h)
    availability.set(at % 4h == 0h ? State::up : State::down, kBegin + at);
}
constexpr double kAlternating = 12 / 23.5;  // of the day before 199 h 30 min

TEST(Availability, KnowsADayOfRareChanges) {
  Availability availability{kBegin};
  alternate(availability, 0h);

  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 199h + 30min).value(), kAlternating);
  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 199h + 30min).value(), 0);
}

TEST(Availability, KnowsADayOfManyChanges) {
  Availability availability{kBegin};
  for (int i = 0; i < 200 * 60; ++i)
    availability.set(i % 3 == 0 ? State::down : State::up, kBegin + std::chrono::minutes{i});

  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 200h + 30s).value(), 920.5 / 1380.5);
  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 200h + 30s).value(), 40.5 / 59.5);
}

TEST(Availability, KnowsADayOfRareChangesBehindOneOfMany) {
  Availability availability{kBegin};
  for (int i = 0; i < 100; ++i)
    availability.set(i % 2 == 0 ? State::down : State::up, kBegin + std::chrono::seconds{i});
  EXPECT_NEAR(availability.last_day(kBegin + 5h).value(), 17'950.0 / 18'000, 0.0001);

  alternate(availability, 8h);

  EXPECT_DOUBLE_EQ(availability.last_day(kBegin + 199h + 30min).value(), kAlternating);
}

TEST(Availability, IsNotMisledByAMomentBeforeTheLast) {
  Availability availability{kBegin};
  availability.set(State::up, kBegin + 10s);
  availability.set(State::down, kBegin + 20s);
  availability.set(State::down, kBegin + 15s);

  EXPECT_DOUBLE_EQ(availability.last_hour(kBegin + 30s).value(), 0.5);
}

}  // namespace
}  // namespace tcpctl
