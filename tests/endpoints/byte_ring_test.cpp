// SPDX-License-Identifier: Apache-2.0
#include "endpoints/byte_ring.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

ByteRing ring_of(std::size_t limit, std::initializer_list<const char*> pieces) {
  ByteRing ring{limit};
  for (const char* const piece : pieces) ring.add(as_bytes(piece));
  return ring;
}

TEST(ByteRing, ReadsFromAnyOffset) {
  const auto ring = ring_of(100, {"hello ", "world"});

  EXPECT_EQ(ring.read(0).data, "hello world");
  EXPECT_EQ(ring.read(0).next, 11U);
  EXPECT_EQ(ring.read(0).lost, 0U);
  EXPECT_EQ(ring.read(6).data, "world");
  EXPECT_EQ(ring.read(6).from, 6U);
  EXPECT_EQ(ring.read(11).data, "");
}

TEST(ByteRing, SaysHowMuchWasOverwritten) {
  const auto ring = ring_of(5, {"abc", "defg"});

  const auto row = ring.read(1);

  EXPECT_EQ(row.data, "cdefg");
  EXPECT_EQ(row.from, 2U);
  EXPECT_EQ(row.next, 7U);
  EXPECT_EQ(row.lost, 1U);
}

TEST(ByteRing, KeepsTheEndOfAPieceLongerThanItself) {
  const auto row = ring_of(4, {"x", "0123456789"}).read(0);

  EXPECT_EQ(row.data, "6789");
  EXPECT_EQ(row.next, 11U);
  EXPECT_EQ(row.lost, 7U);
}

TEST(ByteRing, AnswersNothingForAnOffsetAheadOfTheStream) {
  const auto row = ring_of(4, {"ab"}).read(1000);

  EXPECT_EQ(row.data, "");
  EXPECT_EQ(row.next, 2U);
  EXPECT_EQ(row.lost, 0U);
}

TEST(ByteRing, KeepsItsBytesWhereItsLimitChanges) {
  auto ring = ring_of(8, {"abcdef"});

  ring.set_limit(1000);
  ring.add(as_bytes("ghijkl"));
  EXPECT_EQ(ring.read(0).data, "abcdefghijkl");
  ring.set_limit(5);

  EXPECT_EQ(ring.read(0).data, "hijkl");
  EXPECT_EQ(ring.overwritten(), 7U);
  ring.add(as_bytes("mn"));
  EXPECT_EQ(ring.read(0).data, "jklmn");
}

TEST(ByteRing, TakesNothingThatNeverCame) {
  auto ring = ring_of(8, {"abc"});

  EXPECT_FALSE(ring.take(4));

  EXPECT_EQ(ring.room(), 5U);
  EXPECT_EQ(ring.taken(), 0U);
}

TEST(ByteRing, IsEmptyAtFirst) {
  const auto row = ByteRing{4}.read(0);

  EXPECT_EQ(row.data, "");
  EXPECT_EQ(row.from, 0U);
  EXPECT_EQ(row.next, 0U);
}

TEST(ByteRing, CountsWhatWasOverwrittenAndNobodyHad) {
  auto ring = ring_of(5, {"abc"});
  EXPECT_TRUE(ring.take(2));
  EXPECT_EQ(ring.room(), 4U);
  ring.add(as_bytes("defg"));
  EXPECT_EQ(ring.overwritten(), 0U);
  EXPECT_EQ(ring.room(), 0U);
  ring.add(as_bytes("hi"));
  EXPECT_EQ(ring.overwritten(), 2U);
  EXPECT_TRUE(ring.take(9));
  EXPECT_TRUE(ring.take(3)) << "what was taken stays so";
  EXPECT_EQ(ring.taken(), 9U);
  EXPECT_EQ(ring.room(), 5U);
  ring.add(as_bytes("0123456789"));

  EXPECT_EQ(ring.overwritten(), 7U);
  EXPECT_EQ(ring.read(0).overwritten, 7U);
}

TEST(ByteRing, AnswersLongStreamsInPieces) {
  ByteRing ring{ByteRing::kMostRead + 10};
  const std::string all(ByteRing::kMostRead + 5, 'x');
  ring.add(as_bytes(all));

  const auto first = ring.read(0);

  EXPECT_EQ(first.next, ByteRing::kMostRead);
  EXPECT_EQ(first.data.size(), ByteRing::kMostRead);
  EXPECT_EQ(ring.read(first.next).data, "xxxxx");
}

TEST(ByteRing, KeepsExactlyItsLimit) {
  ByteRing ring{64};
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 13), static_cast<char>('a' + i % 26));
    ring.add(as_bytes(piece));
    all += piece;
  }

  EXPECT_EQ(ring.read(0).data, all.substr(all.size() - 64));
}

TEST(ByteRing, KeepsItsBytesInOrderWhileItGrows) {
  ByteRing ring{100'000};
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    ring.add(as_bytes(piece));
    all += piece;
    const auto kept = all.size() - std::min<std::size_t>(all.size(), 100'000);
    ASSERT_EQ(ring.read(0).data, all.substr(kept)) << i;
  }
}

TEST(ByteRing, GoesOnElsewhere) {
  ByteRing before{8};
  before.add(as_bytes("0123456789"));
  ASSERT_TRUE(before.take(5));
  ByteRing after{8};

  after.restore(before.save());

  EXPECT_EQ(after.read(0).data, "23456789");
  EXPECT_EQ(after.read(0).from, 2U);
  EXPECT_EQ(after.taken(), 5U);
  EXPECT_EQ(after.overwritten(), before.overwritten());
  after.add(as_bytes("ab"));
  EXPECT_EQ(after.read(8).data, "89ab");
}

TEST(ByteRing, GoesOnInASmallerOne) {
  ByteRing before{8};
  before.add(as_bytes("01234567"));
  ByteRing after{4};

  after.restore(before.save());

  EXPECT_EQ(after.read(0).data, "4567");
  EXPECT_EQ(after.overwritten(), 4U);
}

}  // namespace
}  // namespace tcpctl
