// SPDX-License-Identifier: Apache-2.0
#include "connections/timeline.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "support/heap.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class TimelineTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& row : timeline.rows(opened, opened_wall))
      all.push_back((row.seen ? "" : "?") + std::string{text(row.event)});
    return all;
  }

  Timeline timeline;
  const Instant opened{Instant{} + 1h};
  const WallTime opened_wall{WallTime{} + 500h};
};

TEST_F(TimelineTest, StandsInTheOrderInWhichThingsHappened) {
  timeline.seen(TimelineEvent::accepted, opened);
  timeline.seen(TimelineEvent::first_byte_out, opened + 1s);
  timeline.seen(TimelineEvent::first_byte_in, opened + 2s);
  timeline.seen(TimelineEvent::fin_received, opened + 3s);

  EXPECT_THAT(names(), ElementsAre("accepted", "first_byte_out", "first_byte_in", "fin_received"));
}

TEST_F(TimelineTest, KeepsTheFirstMomentOfEachEvent) {
  timeline.seen(TimelineEvent::first_byte_in, opened + 1s);
  timeline.seen(TimelineEvent::first_byte_in, opened + 9s);

  const auto rows = timeline.rows(opened, opened_wall);

  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at, opened_wall + 1s);
}

TEST_F(TimelineTest, GivesAnInferredEventNoMomentAndThePlaceOfTheProtocol) {
  timeline.inferred(TimelineEvent::syn_received);
  timeline.inferred(TimelineEvent::established);
  timeline.seen(TimelineEvent::accepted, opened);
  timeline.seen(TimelineEvent::fin_received, opened + 1s);
  timeline.seen(TimelineEvent::fin_sent, opened + 2s);
  timeline.inferred(TimelineEvent::fin_acked);
  timeline.inferred(TimelineEvent::time_wait);
  timeline.seen(TimelineEvent::closed, opened + 3s);

  EXPECT_THAT(names(), ElementsAre("?syn_received", "?established", "accepted", "fin_received", "fin_sent",
                                   "?fin_acked", "?time_wait", "closed"));
  for (const auto& row : timeline.rows(opened, opened_wall)) EXPECT_EQ(row.seen, row.at.has_value());
}

TEST_F(TimelineTest, PrefersWhatWasSeenToWhatWasInferred) {
  timeline.inferred(TimelineEvent::fin_acked);
  timeline.seen(TimelineEvent::fin_acked, opened + 1s);
  timeline.inferred(TimelineEvent::fin_acked);

  EXPECT_THAT(names(), ElementsAre("fin_acked"));
  EXPECT_FALSE(timeline.is_inferred(TimelineEvent::fin_acked));
  EXPECT_TRUE(timeline.has(TimelineEvent::fin_acked));
}

TEST_F(TimelineTest, TakesLessThanTwoHundredAndFiftySixBytes) {
  timeline.seen(TimelineEvent::accepted, opened);
  timeline.seen(TimelineEvent::first_byte_in, opened);
  timeline.seen(TimelineEvent::first_byte_out, opened);
  timeline.inferred(TimelineEvent::syn_received);
  timeline.inferred(TimelineEvent::established);
  EXPECT_EQ(timeline.heap_bytes(), 0U) << "an open connection has nothing outside";
  EXPECT_LE(sizeof timeline, 48U);

  constexpr std::size_t kCount = 1000;
  std::vector<Timeline> timelines(kCount);
  const auto before = test::heap_in_use();
  for (auto& full : timelines) {
    for (std::size_t i = 0; i < kTimelineEvents; ++i) full.seen(static_cast<TimelineEvent>(i), opened);
  }
  const auto taken = test::heap_in_use() - before;

  EXPECT_LE(sizeof(Timeline) + timelines.front().heap_bytes(), 256U);
  EXPECT_LE(sizeof(Timeline) + taken / kCount, 256U);
  EXPECT_GE(timelines.front().heap_bytes() * (test::kRoundingPercent + 2) / 100, taken / kCount);
}

TEST_F(TimelineTest, IsEmptyBeforeAnythingHappened) {
  EXPECT_THAT(names(), ElementsAre());
  EXPECT_FALSE(timeline.has(TimelineEvent::closed));
}

TEST_F(TimelineTest, ReckonsMomentsFromTheOpeningOnTheWallClock) {
  timeline.seen(TimelineEvent::syn_sent, opened - 1500us);
  timeline.seen(TimelineEvent::closed, opened + 90s + 7us);

  const auto rows = timeline.rows(opened, opened_wall);

  EXPECT_EQ(rows[0].at, opened_wall - 1500us);
  EXPECT_EQ(rows[1].at, opened_wall + 90s + 7us);
}

}  // namespace
}  // namespace tcpctl
