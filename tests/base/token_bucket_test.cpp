// SPDX-License-Identifier: Apache-2.0
#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

TEST(TokenBucket, GivesItsBurstAtOnceAndThenItsRate) {
  TokenBucket bucket{100, 10};

  EXPECT_EQ(bucket.available(kStart), 10U);
  bucket.take(kStart, 10);
  EXPECT_EQ(bucket.available(kStart), 0U);
  EXPECT_EQ(bucket.available(kStart + 10ms), 1U);
  EXPECT_EQ(bucket.available(kStart + 55ms), 5U);
}

TEST(TokenBucket, SavesNoMoreThanItsBurst) {
  TokenBucket bucket{100, 10};
  bucket.take(kStart, 10);

  EXPECT_EQ(bucket.available(kStart + 1h), 10U);
}

TEST(TokenBucket, WaitsADebtOff) {
  TokenBucket bucket{100, 10};

  bucket.take(kStart, 30);

  EXPECT_EQ(bucket.available(kStart + 200ms), 0U);
  EXPECT_EQ(bucket.available(kStart + 210ms), 1U);
}

TEST(TokenBucket, TellsWhenThereWillBeEnough) {
  TokenBucket bucket{100, 10};
  bucket.take(kStart, 10);

  EXPECT_EQ(bucket.when(3), kStart + 30ms);
  EXPECT_EQ(bucket.when(1000), kStart + 100ms) << "there is never more than the burst";
}

TEST(TokenBucket, KeepsItsRateOverManySmallTakes) {
  TokenBucket bucket{1e6, 1000};
  std::uint64_t taken = 0;
  for (Duration passed{0}; passed < 1s; passed += 137us) {
    const auto some = bucket.available(kStart + passed);
    bucket.take(kStart + passed, some);
    taken += some;
  }

  EXPECT_NEAR(static_cast<double>(taken), 1e6, 2e3);
}

TEST(TokenBucket, TakesTheSlowestRateAndTheHugestTake) {
  TokenBucket slow{1.0 / 86'400, 1};
  slow.take(kStart, 1);
  EXPECT_EQ(slow.available(kStart + 86'399s), 0U);
  EXPECT_EQ(slow.available(kStart + 86'401s), 1U);

  TokenBucket fast{1e12, 1e12};
  fast.take(kStart, UINT64_MAX);
  EXPECT_EQ(fast.available(kStart), 0U);
}

}  // namespace
}  // namespace tcpctl
