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

TEST(History, ShowsTimeWaitWhileTheKernelHoldsTheSocket) {
  auto waiting = entry(1);
  const Instant closed = now();
  waiting.facts.close.at = closed;
  waiting.time_wait_until = closed + 60s;

  EXPECT_EQ(to_row(waiting, closed + 59s).state, "TIME_WAIT");
  EXPECT_EQ(to_row(waiting, closed + 61s).state, "CLOSED");
  EXPECT_EQ(to_row(entry(2), closed).state, "CLOSED");
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
