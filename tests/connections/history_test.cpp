// SPDX-License-Identifier: Apache-2.0
#include "connections/history.hpp"

#include <gtest/gtest.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

History::Entry entry(std::uint64_t number) {
  History::Entry made;
  made.facts.id = make_id(0, number);
  made.facts.owner = test::make_owner();
  made.facts.close.first = First::local;
  made.facts.close.reason = Reason::local_done;
  return made;
}

TEST(History, KeepsTheLastOnesAndCountsTheOthers) {
  History history{3};
  for (std::uint64_t number = 1; number <= 5; ++number) history.add(entry(number));

  EXPECT_EQ(history.entries().size(), 3U);
  EXPECT_EQ(history.dropped(), 2U);
  EXPECT_EQ(history.find(make_id(0, 2)), nullptr);
  ASSERT_NE(history.find(make_id(0, 3)), nullptr);
  EXPECT_EQ(history.entries().front().facts.id, make_id(0, 3));
}

TEST(History, KeepsNothingWithALimitOfZero) {
  History history{0};
  history.add(entry(1));

  EXPECT_TRUE(history.entries().empty());
  EXPECT_EQ(history.dropped(), 1U);
}

History::Entry left_in(tcp::State state, Instant closed) {
  auto made = entry(1);
  made.facts.close.at = closed;
  made.cookie = 7;
  made.left_in = state;
  return made;
}

TEST(History, ShowsTheStateThatTheKernelHoldsTheSocketIn) {
  const Instant closed = now();
  const tcp::ClosingSockets held{{{8, tcp::State::time_wait}, {7, tcp::State::last_ack}}, closed + 1s};
  const tcp::ClosingSockets gone{{{8, tcp::State::time_wait}}, closed + 2s};
  const auto waiting = left_in(tcp::State::time_wait, closed);

  EXPECT_EQ(to_row(waiting, closed + 2s, held).state, "LAST_ACK");
  EXPECT_EQ(to_row(waiting, closed + 2s, gone).state, "CLOSED") << "before its 60 s are over";
  EXPECT_EQ(to_row(entry(2), closed, held).state, "CLOSED");
}

TEST(History, ShowsTheStateItWasLeftInUntilTheKernelIsAskedAgain) {
  const Instant closed = now();
  const tcp::ClosingSockets before{{}, closed - 1s};

  EXPECT_EQ(to_row(left_in(tcp::State::fin_wait_2, closed), closed, before).state, "FIN_WAIT_2");
  EXPECT_EQ(to_row(left_in(tcp::State::closed, closed), closed, before).state, "CLOSED");
}

TEST(History, ComputesTimeWaitWhereTheKernelDoesNotTell) {
  const Instant closed = now();

  EXPECT_EQ(to_row(left_in(tcp::State::time_wait, closed), closed + 59s).state, "TIME_WAIT");
  EXPECT_EQ(to_row(left_in(tcp::State::time_wait, closed), closed + 61s).state, "CLOSED");
  EXPECT_EQ(to_row(left_in(tcp::State::fin_wait_2, closed), closed + 1s).state, "CLOSED");
}

TEST(History, HasTimeWaitInTheTimelineOfWhatIsInIt) {
  const Instant closed = now();
  const tcp::ClosingSockets held{{{7, tcp::State::time_wait}}, closed + 1s};

  const auto row = to_row(left_in(tcp::State::fin_wait_2, closed), closed + 2s, held);

  ASSERT_FALSE(row.timeline.empty());
  EXPECT_EQ(row.timeline.back().event, TimelineEvent::time_wait);
  EXPECT_FALSE(row.timeline.back().seen);
}

TEST(History, TakesTheLastTcpInfoOfWhatItStillHas) {
  History history{2};
  for (std::uint64_t number = 1; number <= 3; ++number) history.add(entry(number));
  tcp::Info last;
  last.rtt_us = 41;

  history.settle(make_id(0, 3), last);
  history.settle(make_id(0, 1), last);  // gave way

  ASSERT_TRUE(history.find(make_id(0, 3))->tcp);
  EXPECT_EQ(history.find(make_id(0, 3))->tcp->taken, "final");
  EXPECT_EQ(history.find(make_id(0, 3))->tcp->rtt_us, 41U);
  EXPECT_FALSE(history.find(make_id(0, 2))->tcp);
}

TEST(History, ShowsAgeAndIdleTimeAsOfTheEnd) {
  auto ended = entry(1);
  ended.facts.opened = now();
  ended.facts.opened_wall = wall_now();
  ended.facts.last_active = ended.facts.opened + 3s;
  ended.facts.close.at = ended.facts.opened + 5s;

  const auto row = to_row(ended, ended.facts.opened + 1h);

  EXPECT_EQ(row.age, 5s);
  EXPECT_EQ(row.idle, 2s);
  ASSERT_TRUE(row.close);
  EXPECT_EQ(row.close->duration, 5s);
  EXPECT_EQ(row.close->at, row.opened_at + 5s);
}

}  // namespace
}  // namespace tcpctl
