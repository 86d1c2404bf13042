// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

TEST(Clock, WritesRfc3339InUtcWithMicroseconds) {
  EXPECT_EQ(rfc3339(WallTime{0us}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(rfc3339(WallTime{1'795'355'261s + 123us}), "2026-11-22T13:47:41.000123Z");
  EXPECT_EQ(rfc3339(WallTime{951'782'400s}), "2000-02-29T00:00:00.000000Z");
}

TEST(Clock, WritesMomentsBefore1970) { EXPECT_EQ(rfc3339(WallTime{-1us}), "1969-12-31T23:59:59.999999Z"); }

TEST(Clock, NeverRunsBackwards) {
  const auto first = now();
  const auto second = now();

  EXPECT_LE(first, second);
}

}  // namespace
}  // namespace tcpctl
