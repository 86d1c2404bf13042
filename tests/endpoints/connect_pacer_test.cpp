// SPDX-License-Identifier: Apache-2.0
#include "endpoints/connect_pacer.hpp"

#include <list>

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ConnectPacerTest : public testing::Test {
 protected:
  struct Waiting final : ConnectPacer::Turn {
    Waiting(ConnectPacerTest& of, int which) : test{of}, number{which} {}
    void on_turn() override { test.came.emplace_back(number, test.runner.worker.time()); }
    ConnectPacerTest& test;
    int number;
  };
  void queue(int count) {
    runner.worker.tick();
    for (int i = 0; i < count; ++i) pacer.wait(waiting.emplace_back(*this, i));
  }
  [[nodiscard]] std::vector<int> order() const {
    std::vector<int> numbers;
    for (const auto& [number, at] : came) numbers.push_back(number);
    return numbers;
  }

  test::LoopRunner runner;
  ConnectPacer pacer{runner.worker};
  std::list<Waiting> waiting;
  std::vector<std::pair<int, Instant>> came;
};

TEST_F(ConnectPacerTest, GivesATurnAtOnceWhereNobodyWaits) {
  queue(1);

  EXPECT_THAT(order(), ElementsAre(0));
  EXPECT_EQ(pacer.waiting(), 0U);
}

TEST_F(ConnectPacerTest, LetsNoMoreBeginThanTheRateAllowsWhoeverWaits) {
  pacer.set_rate(200);
  queue(40);
  ASSERT_TRUE(runner.run_until([&] { return came.size() == 40; }));

  const auto first = came.front().second;
  for (std::size_t i = 0; i < came.size(); ++i) {
    EXPECT_EQ(came[i].first, static_cast<int>(i)) << "first come, first served";
    EXPECT_GE(came[i].second - first + 21ms, i * 5ms) << i;
  }
}

TEST_F(ConnectPacerTest, PassesOverThoseWhoLeft) {
  pacer.set_rate(100);
  queue(6);
  const auto before = came.size();
  pacer.leave(*std::next(waiting.begin(), 3));
  waiting.erase(std::next(waiting.begin(), 4));
  ASSERT_TRUE(runner.run_until([&] { return came.size() == 4; }));

  EXPECT_LE(before, 2U);
  EXPECT_THAT(order(), ElementsAre(0, 1, 2, 5));
}

TEST_F(ConnectPacerTest, KeepsThePlaceOfWhoAsksAgain) {
  pacer.set_rate(50);
  queue(3);
  pacer.wait(waiting.back());

  ASSERT_TRUE(runner.run_until([&] { return pacer.waiting() == 0; }));
  EXPECT_THAT(order(), ElementsAre(0, 1, 2));
}

TEST_F(ConnectPacerTest, TakesANewRateForThoseWhoWait) {
  pacer.set_rate(0.001);
  queue(5);
  ASSERT_EQ(came.size(), 1U);

  pacer.set_rate(1e6);

  EXPECT_EQ(came.size(), 5U);
}

}  // namespace
}  // namespace tcpctl
