// SPDX-License-Identifier: Apache-2.0
#include "steps/pattern.hpp"

#include <string>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

bool finds(std::string_view pattern, std::string_view text, std::size_t from = 0) {
  return Pattern::compile(pattern).value().find(text, from).has_value();
}

TEST(Pattern, TellsWhereTheFirstMatchIs) {
  const auto match = Pattern::compile("b+").value().find("aabbabb");

  ASSERT_TRUE(match);
  EXPECT_EQ(match->begin, 2U);
  EXPECT_EQ(match->end, 4U);
}

TEST(Pattern, MatchesItsBoundsAtEachLine) {
  EXPECT_TRUE(finds("^220 ", "hello\n220 ready\n"));
  EXPECT_FALSE(finds("^220 ", "x220 ready\n"));
  EXPECT_TRUE(finds("ready$", "220 ready\n250 ok\n"));
  EXPECT_FALSE(finds("ready$", "ready?\n"));
}

TEST(Pattern, SeesWhatStandsBeforeTheStart) {
  EXPECT_FALSE(finds("^b", "ab", 1));
  EXPECT_TRUE(finds("^b", "\nb", 1));
  EXPECT_FALSE(finds("a", "ab", 1));
}

TEST(Pattern, LooksAtBytesAndNotAtCharacters) {
  EXPECT_TRUE(finds("^\\xff\\x00.$", std::string_view{"\xff\0\x80", 3}));
  EXPECT_TRUE(finds("^..$", "\xc3\xa4"));
}

TEST(Pattern, CrossesLinesWhereItSaysSo) {
  EXPECT_TRUE(finds("a\\r\\nb", "a\r\nb"));
  EXPECT_FALSE(finds("a.+b", "a\r\nb"));
}

TEST(Pattern, SaysWhatIsWrongWithAPattern) {
  const auto pattern = Pattern::compile("(220");

  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().code, Errc::invalid_argument);
  EXPECT_THAT(pattern.error().what, testing::StartsWith("pattern '(220': "));
  EXPECT_THAT(pattern.error().what, testing::HasSubstr("missing )"));
}

TEST(Pattern, RefusesAPatternThatNeedsTooMuchMemory) {
  EXPECT_FALSE(Pattern::compile("((a{100}){100}){100}"));
}

}  // namespace
}  // namespace tcpctl
