// SPDX-License-Identifier: Apache-2.0
#include "base/log_repeats.hpp"

#include <gtest/gtest.h>

namespace tcpctl::log {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1h};

Record line(std::string_view event, std::string_view listener, Level level = Level::info) {
  return {level, {}, event, {{"listener", listener}, {"error", "whatever"}}};
}

TEST(Repeats, HoldsBackWhatComesTooOftenAndTellsHowOften) {
  Repeats repeats;
  for (std::uint64_t i = 0; i < Repeats::kMost; ++i) ASSERT_TRUE(repeats.passes(line("a", "web"), kStart));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(repeats.passes(line("a", "web"), kStart + 1s));

  EXPECT_TRUE(repeats.over(kStart + 5s).empty());
  const auto held = repeats.over(kStart + 10s);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].event, "a");
  EXPECT_EQ(held[0].of, "listener=web");
  EXPECT_EQ(held[0].lines, 5U);
  EXPECT_TRUE(repeats.over(kStart + 20s).empty());
  EXPECT_TRUE(repeats.passes(line("a", "web"), kStart + 20s));
}

TEST(Repeats, OthersAreNotTheSame) {
  Repeats repeats;
  for (std::uint64_t i = 0; i <= Repeats::kMost; ++i) (void)repeats.passes(line("a", "web"), kStart);

  EXPECT_TRUE(repeats.passes(line("a", "other"), kStart));
  EXPECT_TRUE(repeats.passes(line("b", "web"), kStart));
}

TEST(Repeats, NeitherDebuggingNorChangesAreLimited) {
  Repeats repeats;
  for (std::uint64_t i = 0; i < 3 * Repeats::kMost; ++i) {
    ASSERT_TRUE(repeats.passes(line("a", "web", Level::debug), kStart));
    ASSERT_TRUE(repeats.passes(line("api.change", "web"), kStart));
  }
}

}  // namespace
}  // namespace tcpctl::log
