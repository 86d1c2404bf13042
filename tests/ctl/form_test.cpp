// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcpctl::ctl::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string sent(InputForm::Kind kind, const std::vector<std::string>& pieces) {
  InputForm form{kind};
  std::string all;
  for (const auto& piece : pieces) all += form.take(piece).value_or("(refused)");
  return all;
}

std::string shown(const std::vector<std::string>& pieces) {
  OutputForm form{OutputForm::Kind::terminal};
  std::string all;
  for (const auto& piece : pieces) all += form.take(piece) + "|";
  return all + form.end();
}

TEST(FormOfInput, IsAsItIsGiven) {
  EXPECT_EQ(sent(InputForm::Kind::plain, {"a\n\0\xff"s, "\r"}), "a\n\0\xff\r"s);
}

TEST(FormOfInput, MakesLineEndsCrLfAndNoneTwice) {
  EXPECT_EQ(sent(InputForm::Kind::crlf, {"a\nb\r\n\n"}), "a\r\nb\r\n\r\n");
  EXPECT_EQ(sent(InputForm::Kind::crlf, {"a\r", "\nb"}), "a\r\nb");
}

TEST(FormOfInput, ReadsHexAlsoWhereAPieceEndsInsideAByte) {
  EXPECT_EQ(sent(InputForm::Kind::hex, {"0d 0A\n00ff\t7", "f"}), "\r\n\0\xff\x7f"s);
}

TEST(FormOfInput, SaysInWhichLineThereIsNoHexAndTakesNothingOfThatPiece) {
  InputForm form{InputForm::Kind::hex};
  ASSERT_TRUE(form.take("61\n62\n"));

  const auto wrong = form.take("63 6g\n");

  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().what, "line 3: 'g' is no hex digit; write bytes like '0d 0a'");
  EXPECT_EQ(form.take("64\n").value_or(""), "d");
  EXPECT_THAT(form.take("6\n").error().what, HasSubstr("line 5: half a byte stands alone"));
}

TEST(FormOfInput, TellsOfHalfAByteAtTheEnd) {
  InputForm form{InputForm::Kind::hex};
  EXPECT_TRUE(form.end());
  ASSERT_TRUE(form.take("616"));

  EXPECT_FALSE(form.end());
}

TEST(FormOfOutput, IsRawForAPipe) {
  OutputForm form{OutputForm::Kind::raw};

  EXPECT_EQ(form.take("\x1b[2J\r\n\0\xc3"s), "\x1b[2J\r\n\0\xc3"s);
  EXPECT_THAT(form.end(), IsEmpty());
}

TEST(FormOfOutput, EscapesWhatSteersATerminal) {
  EXPECT_EQ(shown({"\x1b[2J\x07\xff\n"}), "\\x1b[2J\\x07\\xff\n|");
  EXPECT_EQ(shown({"50%\rdone"}), "50%\\rdone|");
}

TEST(FormOfOutput, ShowsCrLfAsALineEndWhereverItIsCut) {
  EXPECT_EQ(shown({"a\r\nb\r", "\nc"}), "a\nb|\nc|");
  EXPECT_EQ(shown({"a\r"}), "a|\\r");
}

TEST(FormOfOutput, PutsACharacterTogetherThatCameInPieces) {
  EXPECT_EQ(shown({"\xe2\x82", "\xac!"}), "|€!|");
  EXPECT_EQ(shown({"\xf0\x9f", "\x98", "\x80"}), "||😀|");
  EXPECT_EQ(shown({"\xc3"}), "|\\xc3");
  EXPECT_EQ(shown({"\xc3", "x"}), "|\\xc3x|");
  EXPECT_EQ(shown({"\x80\x80\x80\x80"}), "\\x80\\x80\\x80\\x80|");
}

TEST(FormOfOutput, DumpsHexWithOffsets) {
  OutputForm form{OutputForm::Kind::hex};

  EXPECT_EQ(form.take("0123456789abcdef\n"),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
            "00000010  0a                                                |.|\n");
  EXPECT_THAT(form.take("x"), HasSubstr("00000011  78 "));
}

}  // namespace
}  // namespace tcpctl::ctl::test
