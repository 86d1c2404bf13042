// SPDX-License-Identifier: Apache-2.0
#include "stats/event_book.hpp"

#include <gmock/gmock.h>

#include "support/heap.hpp"

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

constexpr std::uint64_t kMany = 10'000;

EventBook book_of_singles() {
  EventBook book{kMany};
  for (std::uint64_t i = 0; i < kMany; ++i) book.add(batch(1));
  return book;
}

TEST(EventBook, IsHandedOutWholeWithoutACopyOfItsList) {
  const EventBook book = book_of_singles();

  const auto before = test::heap_in_use();
  const auto whole = book.after(0);
  const auto taken = test::heap_in_use() - before;

  EXPECT_LT(taken, std::size_t{8} * 1024) << "a pointer to each batch alone would be 160 KB";
  EXPECT_EQ(walk(whole).numbers.size(), kMany);
}

TEST(EventBook, ReadsOnBehindAnyNumberOfALongList) {
  const EventBook book = book_of_singles();

  for (const std::uint64_t since : {1U, 127U, 128U, 129U, 5000U, 9983U, 9984U, 9985U, 9999U, 10000U}) {
    const auto read = walk(book.after(since));
    EXPECT_EQ(read.numbers.size(), kMany - since) << since;
    EXPECT_EQ(read.missing, 0U) << since;
    EXPECT_TRUE(since == kMany || read.numbers.front() == since + 1) << since;
  }
}

TEST(EventBook, IsReadInPiecesWithoutAGap) {
  const EventBook book = book_of_singles();

  std::uint64_t position = 0;
  std::size_t pieces = 0, events = 0;
  for (; position < book.newest(); ++pieces) {
    const auto read = walk(book.after(position, 300));
    EXPECT_EQ(read.missing, 0U);
    ASSERT_EQ(read.numbers.size(), read.position - position);
    EXPECT_LE(read.numbers.size(), 300 + EventBook::kRunEvents);
    events += read.numbers.size();
    position = read.position;
  }

  EXPECT_EQ(events, kMany);
  EXPECT_GT(pieces, 10U);
}

TEST(EventBook, ShowsNoMoreThanItsLimitHoweverItsBatchesCame) {
  EventBook book{200};
  for (int i = 0; i < 300; ++i) book.add(batch(3, 1));  // numbers 1 2 3 (4) 5 6 7 (8) ...

  const auto read = walk(book.after(0));

  EXPECT_EQ(read.numbers.size(), 200U);
  EXPECT_EQ(read.numbers.back(), 1199U);
  EXPECT_EQ(read.numbers.size() + read.missing, 1200U);
}

TEST(EventBook, GivesMemoryBackAsEventsGo) {
  EventBook book{1000};
  for (std::uint64_t i = 0; i < kMany; ++i) book.add(batch(1));
  const auto before = test::heap_in_use();

  for (std::uint64_t i = 0; i < 5 * kMany; ++i) book.add(batch(1));

  const auto after = test::heap_in_use();
  constexpr std::size_t kRunBytes = EventBook::kRunBatches * (sizeof(EventBatch) + sizeof(Event) + 128);
  EXPECT_LE(after, before + kRunBytes);
  book.set_limit(0);
  EXPECT_THAT(walk(book.after(0)).numbers, IsEmpty());
}

TEST(EventBook, FollowsALongListAndWhatComesBehindIt) {
  EventBook book = book_of_singles();
  EventBook mirror{SIZE_MAX};
  mirror.follow(book.after(0));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto before = book.newest();
    book.add(batch(1));
    mirror.follow(book.after(before));
  }

  const auto read = walk(mirror.after(0));

  EXPECT_EQ(read.numbers.size(), kMany) << "what the other let go, it has let go, too";
  EXPECT_EQ(read.numbers.front(), 1001U);
  EXPECT_EQ(read.missing, 1000U);
}

}  // namespace
}  // namespace tcpctl
