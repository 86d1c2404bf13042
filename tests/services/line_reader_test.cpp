// SPDX-License-Identifier: Apache-2.0
#include "services/line_reader.hpp"

#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using Found = LineReader::Found;
using testing::ElementsAre;

/// All lines of `pieces`, each given to the reader as one arrival; "!" where it refuses one.
std::vector<std::string> lines(std::size_t limit, const std::vector<std::string>& pieces) {
  LineReader reader{limit};
  std::vector<std::string> found;
  for (const auto& piece : pieces) {
    for (auto rest = as_bytes(piece); !rest.empty();) {
      const auto step = reader.next(rest);
      if (step.found == Found::too_long) {
        found.emplace_back("!");
        return found;
      }
      if (step.found == Found::line) found.emplace_back(step.line);
      rest = rest.subspan(step.used);
    }
  }
  return found;
}

TEST(LineReader, EndsALineAtLfOrCrLf) {
  EXPECT_THAT(lines(64, {"one\ntwo\r\nthree\n"}), ElementsAre("one", "two", "three"));
}

TEST(LineReader, KeepsACrThatIsNotAtTheEnd) {
  EXPECT_THAT(lines(64, {"a\rb\n", "\r\r\n"}), ElementsAre("a\rb", "\r"));
}

TEST(LineReader, GivesEmptyLinesToo) { EXPECT_THAT(lines(64, {"\n\r\n"}), ElementsAre("", "")); }

TEST(LineReader, JoinsALineThatComesInPieces) {
  EXPECT_THAT(lines(64, {"he", "ll", "o\nwor", "ld\n"}), ElementsAre("hello", "world"));
}

TEST(LineReader, SeesACrLfThatIsSplit) {
  EXPECT_THAT(lines(64, {"one\r", "\ntwo\r", "\n"}), ElementsAre("one", "two"));
}

TEST(LineReader, TakesALineOfExactlyTheLimit) {
  EXPECT_THAT(lines(4, {"four\n", "four\r\n", "fo", "ur", "\r", "\n"}), ElementsAre("four", "four", "four"));
}

TEST(LineReader, RefusesALineBeyondTheLimitHoweverItComes) {
  EXPECT_THAT(lines(4, {"fives\n"}), ElementsAre("!"));
  EXPECT_THAT(lines(4, {"fives\r\n"}), ElementsAre("!"));
  EXPECT_THAT(lines(4, {"fiv", "es\n"}), ElementsAre("!"));
  EXPECT_THAT(lines(4, {"four\r", "x"}), ElementsAre("!"));
}

TEST(LineReader, RefusesALineBeforeItsEndHasCome) {
  EXPECT_THAT(lines(4, {"fives"}), ElementsAre("!"));
  EXPECT_THAT(lines(4, {"f", "i", "v", "e", "s"}), ElementsAre("!"));
}

TEST(LineReader, ShowsWhatHasComeOfAnUnfinishedLine) {
  LineReader reader{64};

  EXPECT_EQ(reader.unfinished(), "");
  EXPECT_EQ(reader.next(as_bytes("unfin")).found, Found::none);
  EXPECT_EQ(reader.unfinished(), "unfin");
  EXPECT_EQ(reader.next(as_bytes("ished\n")).line, "unfinished");
  EXPECT_EQ(reader.unfinished(), "");
}

}  // namespace
}  // namespace tcpctl
