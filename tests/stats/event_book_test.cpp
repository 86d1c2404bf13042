// SPDX-License-Identifier: Apache-2.0
#include "stats/event_book.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

EventBatch batch(std::size_t events, std::uint64_t dropped = 0) {
  EventBatch made;
  made.events.resize(events);
  made.dropped = dropped;
  return made;
}

struct Walk {
  std::vector<std::uint64_t> numbers;
  std::uint64_t missing{0}, position{0};
};

Walk walk(const EventSpan& span) {
  Walk walk;
  EventCursor cursor{span};
  while (const auto step = cursor.next()) {
    if (step->event != nullptr) walk.numbers.push_back(step->number);
    walk.missing += step->missing;
  }
  walk.position = cursor.position();
  return walk;
}

TEST(EventBook, NumbersEventsWithoutGaps) {
  EventBook book{10};
  book.add(batch(2));
  book.add(batch(1));

  const auto read = walk(book.after(0));

  EXPECT_THAT(read.numbers, ElementsAre(1, 2, 3));
  EXPECT_EQ(read.missing, 0U);
  EXPECT_EQ(book.newest(), 3U);
}

TEST(EventBook, ReadsOnBehindANumberWithinABatch) {
  EventBook book{10};
  book.add(batch(3));
  book.add(batch(1));

  EXPECT_THAT(walk(book.after(2)).numbers, ElementsAre(3, 4));
  EXPECT_THAT(walk(book.after(4)).numbers, IsEmpty());
}

TEST(EventBook, KeepsAsManyAsItsLimitAndSaysHowManyAreMissing) {
  EventBook book{3};
  book.add(batch(2));
  book.add(batch(3));

  const auto read = walk(book.after(1));

  EXPECT_EQ(book.size(), 3U);
  EXPECT_THAT(read.numbers, ElementsAre(3, 4, 5));
  EXPECT_EQ(read.missing, 1U);
}

TEST(EventBook, ShowsNoMoreThanItsLimitOfALargeBatch) {
  EventBook book{2};
  book.add(batch(5));

  EXPECT_THAT(walk(book.after(0)).numbers, ElementsAre(4, 5));
  EXPECT_EQ(walk(book.after(0)).missing, 3U);
}

TEST(EventBook, LeavesAGapForEventsThatFoundNoRoom) {
  EventBook book{10};
  book.add(batch(1, 4));
  book.add(batch(1));

  const auto read = walk(book.after(0));

  EXPECT_THAT(read.numbers, ElementsAre(1, 6));
  EXPECT_EQ(read.missing, 4U);
  EXPECT_EQ(book.dropped(), 4U);
}

TEST(EventBook, TellsOfDroppedEventsAtTheEndToo) {
  EventBook book{10};
  book.add(batch(1, 4));

  const auto read = walk(book.after(1));

  EXPECT_THAT(read.numbers, IsEmpty());
  EXPECT_EQ(read.missing, 4U);
  EXPECT_EQ(read.position, 5U);
}

TEST(EventBook, AnswersAllToANumberOfAnEarlierLife) {
  EventBook book{10};
  book.add(batch(2));

  EXPECT_THAT(walk(book.after(1000)).numbers, ElementsAre(1, 2));
}

TEST(EventBook, TakesANumberBelowItsFirstForOneOfAnEarlierLifeAndMissesNothing) {
  EventBook book{10, 1001};
  book.add(batch(2));
  EventBook mirror{1000};
  mirror.follow(book.after(0));

  EXPECT_THAT(walk(book.after(7)).numbers, ElementsAre(1001, 1002));
  EXPECT_EQ(walk(book.after(7)).missing, 0U);
  EXPECT_THAT(walk(mirror.after(7)).numbers, ElementsAre(1001, 1002));
  EXPECT_EQ(book.numbered(), 2U);
}

TEST(EventBook, KeepsNothingWithALimitOfZeroAndGoesOnCountingAfterwards) {
  EventBook book{10};
  book.add(batch(2));
  book.set_limit(0);

  EXPECT_EQ(book.add(batch(1)), nullptr);
  EXPECT_THAT(walk(book.after(0)).numbers, IsEmpty());
  book.set_limit(10);
  book.add(batch(1));
  EXPECT_THAT(walk(book.after(2)).numbers, ElementsAre(3));
}

TEST(EventBook, FollowsAnotherWithTheSameNumbersAndGaps) {
  EventBook book{3};
  EventBook mirror{1000};
  book.add(batch(5, 1));
  mirror.follow(book.after(0));
  book.add(batch(2));
  mirror.follow(book.after(6));

  const auto read = walk(mirror.after(0));

  EXPECT_THAT(read.numbers, ElementsAre(5, 7, 8));
  EXPECT_EQ(read.missing, 5U);
}

}  // namespace
}  // namespace tcpctl
