// SPDX-License-Identifier: Apache-2.0
#include "base/ring.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;

TEST(RingTest, KeepsTheLastOnesOldestFirst) {
  Ring<int> ring{3};
  for (const int value : {1, 2, 3}) EXPECT_FALSE(ring.push(value));
  EXPECT_TRUE(ring.push(4));
  EXPECT_TRUE(ring.push(5));

  EXPECT_THAT(std::vector<int>(ring.begin(), ring.end()), ElementsAre(3, 4, 5));
  EXPECT_EQ(ring.front(), 3);
  EXPECT_EQ(ring.back(), 5);
  EXPECT_EQ(ring[1], 4);
}

TEST(RingTest, KeepsNothingWithALimitOfZero) {
  Ring<int> ring{0};
  EXPECT_TRUE(ring.push(1));
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.begin(), ring.end());
}

TEST(RingTest, LetsGoOfWhatGivesWay) {
  Ring<std::shared_ptr<int>> ring{1};
  const auto value = std::make_shared<int>(1);
  ring.push(value);
  ring.push(nullptr);
  EXPECT_EQ(value.use_count(), 1);
}

TEST(RingTest, GoesRoundThroughAllBlocks) {
  constexpr std::size_t kLimit = 2 * Ring<int>::kBlock + 3;
  Ring<int> ring{kLimit};
  for (int value = 0; value < 1000; ++value) {
    EXPECT_EQ(ring.push(value), value >= static_cast<int>(kLimit));
    ASSERT_EQ(ring.back(), value);
    ASSERT_EQ(ring.front(), std::max(0, value + 1 - static_cast<int>(kLimit)));
    ASSERT_LE(ring.places(), kLimit);
  }
  EXPECT_EQ(ring.size(), kLimit);
  EXPECT_EQ(ring.places(), kLimit);
}

TEST(RingTest, HoldsPlacesOnlyAsTheyAreNeeded) {
  Ring<int> ring{1'000'000};
  EXPECT_EQ(ring.places(), 0U);
  ring.push(1);
  const int* const first = &ring.front();
  EXPECT_EQ(ring.places(), Ring<int>::kBlock);
  for (int value = 0; value < 1000; ++value) ring.push(value);
  EXPECT_EQ(&ring.front(), first) << "growing moves nothing";
}

TEST(RingTest, LetsTheOldestGoOnDemand) {
  Ring<std::shared_ptr<int>> ring{3};
  std::vector<std::shared_ptr<int>> values;
  for (int value = 0; value < 10; ++value) {
    values.push_back(std::make_shared<int>(value));
    ring.push(values.back());
    if (ring.size() == 3) ring.pop();
  }

  ASSERT_EQ(ring.size(), 2U);
  EXPECT_EQ(*ring.front(), 8);
  EXPECT_EQ(*ring.back(), 9);
  EXPECT_EQ(values[7].use_count(), 1);
  ring.pop();
  ring.pop();
  EXPECT_TRUE(ring.empty());
  ring.push(values[0]);
  EXPECT_EQ(*ring.front(), 0);
}

}  // namespace
}  // namespace tcpctl
