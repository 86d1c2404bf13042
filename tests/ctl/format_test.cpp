// SPDX-License-Identifier: Apache-2.0
#include "ctl/format.hpp"

#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

TEST(Format, WritesBytesWithThreeDigitsAndTheirUnit) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
  EXPECT_EQ(bytes_text(999'949), "1.0 MB");
  EXPECT_EQ(bytes_text(123'000'000'000), "123 GB");
  EXPECT_EQ(bytes_text(1.8446744073709552e19), "18.4 EB");
}

TEST(Format, WritesCountsInThousands) {
  EXPECT_EQ(count_text(950), "950");
  EXPECT_EQ(count_text(1234), "1.2 k");
  EXPECT_EQ(count_text(3'400'000), "3.4 M");
}

TEST(Format, WritesWhatHasPassedInTwoUnits) {
  EXPECT_EQ(span_text(0), "0ms");
  EXPECT_EQ(span_text(0.2), "<1ms");
  EXPECT_EQ(span_text(12), "12ms");
  EXPECT_EQ(span_text(3210), "3.2s");
  EXPECT_EQ(span_text(59'999), "59.9s");
  EXPECT_EQ(span_text(192'900), "3m12s");
  EXPECT_EQ(span_text(7'500'000), "2h05m");
  EXPECT_EQ(span_text(356'400'000), "4d03h");
}

TEST(Format, WritesRoundTripsInMilliseconds) {
  EXPECT_EQ(micros_text(0), "0 ms");
  EXPECT_EQ(micros_text(3), "0.003 ms");
  EXPECT_EQ(micros_text(412), "0.41 ms");
  EXPECT_EQ(micros_text(12'345), "12.3 ms");
  EXPECT_EQ(micros_text(250'000), "250 ms");
  EXPECT_EQ(micros_text(1'204'000), "1.20 s");
}

TEST(Format, GroupsTheDigitsOfExactNumbers) {
  EXPECT_EQ(exact_text(7), "7");
  EXPECT_EQ(exact_text(999), "999");
  EXPECT_EQ(exact_text(1'234'567), "1,234,567");
}

TEST(Format, ReadsTheTimesOfTheApi) {
  const auto time = parse_time("2026-11-22T13:47:41.000123Z");

  ASSERT_TRUE(time);
  EXPECT_EQ(time_text(*time, true, Precision::microseconds), "2026-11-22 13:47:41.000123Z");
  EXPECT_EQ(time_text(*time, true), "2026-11-22 13:47:41Z");
}

TEST(Format, TakesTheOffsetOfAZoneIntoAccount) {
  EXPECT_EQ(parse_time("2026-11-22T14:47:41+01:00"), parse_time("2026-11-22T13:47:41Z"));
  EXPECT_EQ(parse_time("2026-11-22T13:47:41.5Z"), parse_time("2026-11-22T13:47:41.500000000Z"));
}

TEST(Format, RefusesWhatIsNoTime) {
  for (const auto* text : {"", "now", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z",
                           "2026-11-22T13:47:41", "2026-11-22T13:47:41.Z", "2026-11-22T13:47:41.1234567890Z",
                           "2026-11-22T13:47:41+1:00", "2026/11/22T13:47:41Z", "2026-11-22T13:47:41Zx"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

}  // namespace
}  // namespace tcpctl::ctl
