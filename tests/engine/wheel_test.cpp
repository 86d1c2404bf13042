// SPDX-License-Identifier: Apache-2.0
#include "engine/wheel.hpp"

#include <array>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Alarm final : public Deadline {
 public:
  std::function<void()> action = [] {};

 private:
  void on_deadline() override { action(); }
};

class WheelTest : public testing::Test {
 protected:
  /// An alarm that notes `number` in `fired`.
  std::unique_ptr<Alarm> alarm(int number) {
    auto made = std::make_unique<Alarm>();
    made->action = [this, number] { fired.push_back(number); };
    return made;
  }

  Loop loop{"test"};
  Wheel wheel{loop};
  const Instant start{now()};
  std::vector<int> fired;
};

TEST_F(WheelTest, FiresInTheOrderOfTheDeadlines) {
  const auto late = alarm(3);
  const auto early = alarm(1);
  const auto middle = alarm(2);
  wheel.set(*late, start + 500ms);
  wheel.set(*early, start + 100ms);
  wheel.set(*middle, start + 300ms);

  wheel.advance(start + 1s);

  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
  EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(WheelTest, IsAtMostOneTickLateAndNeverEarly) {
  const auto one = alarm(1);
  wheel.set(*one, start + 1s);

  wheel.advance(start + 1s - 1ns);
  EXPECT_THAT(fired, ElementsAre());
  wheel.advance(start + 1s + Wheel::kTick);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(WheelTest, FiresADeadlineThatHasPassedAlreadyWithTheNextTick) {
  const auto one = alarm(1);
  wheel.set(*one, start - 1h);

  wheel.advance(start + 2 * Wheel::kTick + 10ms);

  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(WheelTest, HandsDeadlinesDownThroughAllItsLevels) {
  // 64 ticks of 10 ms are the first level, 64 of those the second, and so on: 0.64 s, 41 s, 44 min, 46 h.
  const std::vector<Duration> distances{320ms, 20s, 20min, 23h};
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    alarms.push_back(alarm(static_cast<int>(i)));
    wheel.set(*alarms.back(), start + distances[i]);
  }

  for (std::size_t i = 0; i < distances.size(); ++i) {
    wheel.advance(start + distances[i] - 1ms);
    ASSERT_EQ(fired.size(), i) << "fired early";
    wheel.advance(start + distances[i] + Wheel::kTick);
    ASSERT_EQ(fired.size(), i + 1) << "fired late";
  }
}

TEST_F(WheelTest, KeepsADeadlineBeyondItsHorizon) {
  const auto far = alarm(1);
  wheel.set(*far, start + 100h);

  wheel.advance(start + 99h);
  EXPECT_THAT(fired, ElementsAre());
  EXPECT_TRUE(far->is_set());
  wheel.advance(start + 101h);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(WheelTest, ForgetsWhatWasCancelledOrSetAnew) {
  const auto cancelled = alarm(1);
  const auto moved = alarm(2);
  wheel.set(*cancelled, start + 100ms);
  wheel.set(*moved, start + 100ms);

  Wheel::cancel(*cancelled);
  wheel.set(*moved, start + 10s);
  wheel.advance(start + 5s);
  EXPECT_THAT(fired, ElementsAre());
  wheel.advance(start + 11s);

  EXPECT_THAT(fired, ElementsAre(2));
}

TEST_F(WheelTest, MayBeSetAgainFromWithinADeadline) {
  const auto repeating = std::make_unique<Alarm>();
  Instant next = start + 100ms;
  repeating->action = [&] {
    fired.push_back(1);
    next += 100ms;
    wheel.set(*repeating, next);
  };
  wheel.set(*repeating, next);

  wheel.advance(start + 1s + Wheel::kTick);

  EXPECT_EQ(fired.size(), 10U);
  EXPECT_TRUE(repeating->is_set());
}

TEST_F(WheelTest, DoesNotFireTwiceInOneTickWhatSetsItselfToThePast) {
  const auto eager = std::make_unique<Alarm>();
  eager->action = [&] {
    fired.push_back(1);
    wheel.set(*eager, start);
  };
  wheel.set(*eager, start + 100ms);

  wheel.advance(start + 200ms);

  EXPECT_LE(fired.size(), 11U);
}

TEST_F(WheelTest, LetsADeadlineDestroyItselfAndItsNeighbours) {
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < 5; ++i) {
    alarms.push_back(alarm(i));
    wheel.set(*alarms.back(), start + 100ms);
  }
  for (auto& each : alarms) {
    each->action = [&] {
      fired.push_back(1);
      alarms.clear();
    };
  }

  wheel.advance(start + 1s);

  EXPECT_EQ(fired.size(), 1U);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(WheelTest, IsLeftByWhatOutlivesIt) {
  const auto one = alarm(1);
  {
    Wheel brief{loop};
    brief.set(*one, start + 1s);
  }

  EXPECT_FALSE(one->is_set());
}

TEST_F(WheelTest, FiresAHundredThousandDeadlinesOnceEachAndNeverEarly) {
  struct Timed final : Deadline {
    Instant due{};
    const Instant* time{nullptr};
    int count{0};
    bool early{false};
    bool late{false};

   private:
    void on_deadline() override {
      ++count;
      early = early || *time < due;
      late = late || *time >= due + 40min;  // the stride of the test's time
    }
  };
  constexpr std::size_t kCount = 100'000;
  std::mt19937_64 random{42};
  std::uniform_int_distribution<std::int64_t> nanoseconds{0, Duration{60h}.count()};
  const auto alarms = std::make_unique<std::array<Timed, kCount>>();
  Instant time = start;
  for (auto& each : *alarms) {
    each.due = start + Duration{nanoseconds(random)};
    each.time = &time;
    wheel.set(each, each.due);
  }

  for (time = start; time < start + 61h; time += 30min) wheel.advance(time);

  EXPECT_EQ(wheel.size(), 0U);
  for (const auto& each : *alarms) {
    ASSERT_EQ(each.count, 1);
    ASSERT_FALSE(each.early);
    ASSERT_FALSE(each.late);
  }
}

TEST_F(WheelTest, WakesItsLoopWhenADeadlineIsDue) {
  const auto one = alarm(1);
  Instant at{};
  one->action = [&] {
    at = now();
    loop.stop();
  };
  const Instant due = now() + 25ms;
  wheel.set(*one, due);

  loop.run();

  EXPECT_GE(at, due);
}

TEST_F(WheelTest, WakesForAnEarlierDeadlineThatIsSetLater) {
  const auto late = alarm(2);
  const auto early = alarm(1);
  early->action = [&] {
    fired.push_back(1);
    loop.stop();
  };
  wheel.set(*late, now() + 1h);
  wheel.set(*early, now() + 20ms);

  loop.run();

  EXPECT_THAT(fired, ElementsAre(1));
}

}  // namespace
}  // namespace tcpctl
