// SPDX-License-Identifier: Apache-2.0
#include "base/ring.hpp"

#include <memory>

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

}  // namespace
}  // namespace tcpctl
