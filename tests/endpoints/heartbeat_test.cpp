// SPDX-License-Identifier: Apache-2.0
#include "endpoints/heartbeat.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

class HeartbeatTest : public testing::Test {
 protected:
  void expect(const std::string& pattern) { answer = Pattern::compile(pattern).value(); }
  bool hears(const std::string& bytes) { return heartbeat.on_data(as_bytes(bytes), time); }

  config::Heartbeat plan{.send = "PING\n", .expect = {}, .interval = 15s, .timeout = 5s};
  std::optional<Pattern> answer;
  HeartbeatStats stats;
  Instant time{1h};
  Heartbeat heartbeat{plan, answer, stats, time};
};

TEST_F(HeartbeatTest, IsDueEveryIntervalOnceItWasAnswered) {
  EXPECT_EQ(heartbeat.due(), time + 15s);
  time += 15s;
  heartbeat.sent(time);
  EXPECT_TRUE(heartbeat.is_waiting());
  EXPECT_EQ(heartbeat.due(), time + 5s);

  time += 2s;
  EXPECT_TRUE(hears("x"));

  EXPECT_FALSE(heartbeat.is_waiting());
  EXPECT_EQ(heartbeat.due(), time + 13s);
  EXPECT_EQ(stats.sent, 1U);
  EXPECT_EQ(stats.answered, 1U);
  EXPECT_EQ(stats.last, Duration{2s});
  EXPECT_EQ(stats.took.read().total(), 1U);
}

TEST_F(HeartbeatTest, IsNotAnsweredByWhatCameBeforeOrDoesNotMatch) {
  expect("^PONG");
  EXPECT_FALSE(hears("PONG\n"));
  heartbeat.sent(time);
  EXPECT_FALSE(hears("news\nPO"));
  EXPECT_TRUE(hears("NG\n"));
}

TEST_F(HeartbeatTest, FindsItsAnswerBehindAFlood) {
  expect("^PONG$");
  heartbeat.sent(time);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(hears(std::string(10'000, 'x')));
  EXPECT_FALSE(hears(std::string(10'000, 'x') + "\nPO"));
  EXPECT_TRUE(hears("NG\n"));
}

TEST_F(HeartbeatTest, TakesNoPlaceWithinALineForItsBegin) {
  expect("^x");
  heartbeat.sent(time);
  EXPECT_FALSE(hears("-" + std::string(100'000, 'x')));
  EXPECT_FALSE(hears("x"));
  EXPECT_TRUE(hears("\nx"));
}

TEST_F(HeartbeatTest, TellsSilenceFromAnotherAnswer) {
  expect("^PONG");
  heartbeat.sent(time);
  EXPECT_EQ(heartbeat.missed().reason, Reason::dead_peer);
  hears("what?");
  EXPECT_EQ(heartbeat.missed().reason, Reason::script_mismatch);
  EXPECT_EQ(stats.missed, 2U);
}

TEST_F(HeartbeatTest, WaitsOnWhereThePeerCouldNotBeHeard) {
  heartbeat.sent(time);
  time += 5s;
  heartbeat.put_off(time);

  EXPECT_EQ(heartbeat.due(), time + 5s);
}

}  // namespace
}  // namespace tcpctl
