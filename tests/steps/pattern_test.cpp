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
  EXPECT_EQ(pattern.error().what, "no RE2 pattern: missing )");
}

TEST(Pattern, SaysNothingOfWhatStandsInIt) {
  for (const auto* text :
       {"(hunter2", "hunter2)", "[hunter2", "hunter2**", "\\hunter2", "(?P<hunter2", "[2-1]hunter2",
        "hunter2{1001}", "(?hunter2)", "\\pN{hunter2}", "[[:hunter2:]]", "\\p{hunter2}"}) {
    const auto pattern = Pattern::compile(text);
    if (!pattern) {
      EXPECT_THAT(pattern.error().what, testing::Not(testing::HasSubstr("unter"))) << text;
    }
  }
}

TEST(Pattern, RefusesAPatternThatNeedsTooMuchMemory) {
  EXPECT_FALSE(Pattern::compile("((a{100}){100}){100}"));
}

std::vector<std::string_view> groups(const Pattern& pattern, std::string_view text,
                                     const std::vector<std::size_t>& numbers) {
  return pattern.groups(text, pattern.find(text).value(), numbers);
}

TEST(Pattern, TellsWhatItsGroupsMatched) {
  const auto pattern = Pattern::compile("^id=(\\d+) (?P<name>\\w+)|(x)").value();

  EXPECT_THAT(groups(pattern, "hello\nid=42 ada\n", {2, 1, 3}), testing::ElementsAre("ada", "42", ""));
  EXPECT_EQ(pattern.group("name"), 2U);
  EXPECT_EQ(pattern.group("3"), 3U);
  EXPECT_EQ(pattern.group("4"), std::nullopt);
  EXPECT_EQ(pattern.group("0"), std::nullopt);
  EXPECT_EQ(pattern.group("99999999999999999999999"), std::nullopt);
  EXPECT_EQ(pattern.group("id"), std::nullopt);
}

TEST(Pattern, ChoosesItsGroupsAsItsMatch) {
  EXPECT_THAT(groups(Pattern::compile("(a|ab)(c|bcd)?").value(), "abcd", {1, 2}),
              testing::ElementsAre("a", "bcd"));
  EXPECT_THAT(groups(Pattern::compile("(a*?)(a*)b").value(), "xaab", {1, 2}), testing::ElementsAre("", "aa"));
  EXPECT_THAT(groups(Pattern::compile("\\b(\\w+)$").value(), "one two\nthree", {1}),
              testing::ElementsAre("two"));
}

// Each of these takes a backtracking engine longer than the world has lasted.
TEST(Pattern, TakesTimeInProportionToTheTextHoweverItIsWritten) {
  const std::string text(64 * 1024, 'a');

  for (const auto* written : {"(a+)+$", "(a|aa)+$", "(.*a){20}$"}) {
    const auto pattern = Pattern::compile(written).value();

    EXPECT_TRUE(pattern.find(text)) << written;
    EXPECT_FALSE(pattern.find(text + "!")) << written;
    EXPECT_FALSE(groups(pattern, text, {1}).front().empty()) << written;
  }
}

}  // namespace
}  // namespace tcpctl
