// SPDX-License-Identifier: Apache-2.0
#include "stats/histogram.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

TEST(Histogram, CountsAValueOnABoundInTheBucketOfThatBound) {
  Histogram histogram;

  histogram.add(kSecondsBounds[3]);

  EXPECT_EQ(histogram.read().counts[3], 1U);
}

TEST(Histogram, CountsWhatIsAboveEveryBoundInTheLastBucket) {
  Histogram histogram;

  histogram.add(1e6);

  EXPECT_EQ(histogram.read().counts.back(), 1U);
}

TEST(Histogram, SumsWhatItWasGiven) {
  Histogram histogram;

  histogram.add(0.25);
  histogram.add(0.5);

  EXPECT_NEAR(histogram.read().sum, 0.75, 1e-9);
  EXPECT_EQ(histogram.read().total(), 2U);
}

TEST(Histogram, TakesNegativeAndEndlessValuesForZero) {
  Histogram histogram;

  histogram.add(-1);
  histogram.add(std::numeric_limits<double>::infinity());
  histogram.add(std::numeric_limits<double>::quiet_NaN());

  EXPECT_EQ(histogram.read().counts[0], 3U);
  EXPECT_EQ(histogram.read().sum, 0);
}

TEST(Histogram, AddsTheValuesOfTwoWorkers) {
  Histogram one;
  Histogram other;
  one.add(0.002);
  other.add(0.002);
  other.add(100);

  auto sum = one.read();
  sum.add(other.read());

  EXPECT_EQ(sum.total(), 3U);
  EXPECT_EQ(sum.counts[4], 2U);
  EXPECT_NEAR(sum.sum, 100.004, 1e-6);
}

TEST(Histogram, InterpolatesAQuantileInItsBucket) {
  HistogramValues values;
  values.counts[9] = 100;  // between 0.25 and 1 second

  EXPECT_DOUBLE_EQ(values.quantile(0.5), 0.25 + 0.75 / 2);
  EXPECT_DOUBLE_EQ(values.quantile(1), 1);
}

TEST(Histogram, AnswersZeroForTheQuantileOfNothing) { EXPECT_EQ(HistogramValues{}.quantile(0.5), 0); }

TEST(Histogram, AnswersTheLastBoundForAQuantileAboveIt) {
  HistogramValues values;
  values.counts.back() = 1;

  EXPECT_EQ(values.quantile(0.99), kSecondsBounds.back());
}

}  // namespace
}  // namespace tcpctl
