// SPDX-License-Identifier: Apache-2.0
#include "ctl/sparkline.hpp"

#include <gtest/gtest.h>

namespace tcpctl::ctl::test {
namespace {

TEST(Sparkline, GoesFromTheLowestToTheHighest) {
  EXPECT_EQ(sparkline({1, 2, 3, 4, 5, 6, 7, 8}, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({10, 0, 5}, true), "█▁▅");
}

TEST(Sparkline, CrossesWhatFailed) {
  EXPECT_EQ(sparkline({1, std::nullopt, 2}, true), "▁✕█");
  EXPECT_EQ(sparkline({std::nullopt}, false), "x");
}

TEST(Sparkline, IsDrawnInAsciiWhereThatIsAllThereIs) {
  EXPECT_EQ(sparkline({1, 2, 3, 4, 5, 6, 7, 8, std::nullopt}, false), "_.:-=+*#x");
}

TEST(Sparkline, StaysLowWhereAllAreEqual) {
  EXPECT_EQ(sparkline({3, 3, 3}, false), "___");
  EXPECT_EQ(sparkline({0}, false), "_");
  EXPECT_EQ(sparkline({-1, 0}, false), "__");
}

TEST(Sparkline, IsEmptyWithoutValues) { EXPECT_EQ(sparkline({}, true), ""); }

}  // namespace
}  // namespace tcpctl::ctl::test
