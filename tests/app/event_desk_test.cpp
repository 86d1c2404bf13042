// SPDX-License-Identifier: Apache-2.0
#include "app/event_desk.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

TEST(EventDesk, TellsSoManyRefusedChangesAMinuteAndThenHowManyItDidNot) {
  RefusedBound bound;
  const Instant start = now();

  for (std::uint64_t i = 0; i < RefusedBound::kMost; ++i) EXPECT_EQ(bound.let(start), 0U);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(bound.let(start + RefusedBound::kTime - Duration{1}), std::nullopt);

  EXPECT_EQ(bound.let(start + RefusedBound::kTime), 1000U);
  EXPECT_EQ(bound.let(start + RefusedBound::kTime), 0U);
}

}  // namespace
}  // namespace tcpctl
