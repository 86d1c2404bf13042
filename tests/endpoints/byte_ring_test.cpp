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

TEST(ByteRing, IsEmptyAtFirst) {
  const auto row = ByteRing{4}.read(0);

  EXPECT_EQ(row.data, "");
  EXPECT_EQ(row.from, 0U);
  EXPECT_EQ(row.next, 0U);
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

}  // namespace
}  // namespace tcpctl
