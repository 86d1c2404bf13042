// SPDX-License-Identifier: Apache-2.0
#include "ctl/terminal.hpp"

#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

using namespace std::string_literals;

TEST(Terminal, EscapesWhateverCouldSteerIt) {
  EXPECT_EQ(safe("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(safe("a\0b"s), "a\\x00b");
  EXPECT_EQ(safe("\x7f\a\b"), "\\x7f\\x07\\x08");
  EXPECT_EQ(safe("\xc2\x9b"
                 "31m"),
            "\\u{009b}31m");
  EXPECT_EQ(safe("one\ntwo\r\tthree"), "one\\ntwo\\r\\tthree");
}

TEST(Terminal, EscapesWhatTurnsTheDirectionOrCannotBeSeen) {
  EXPECT_EQ(safe("a\u202eb"), "a\\u{202e}b");
  EXPECT_EQ(safe("a\u2066b\u200bc\ufeff"), "a\\u{2066}b\\u{200b}c\\u{feff}");
}

TEST(Terminal, ShowsBytesThatAreNoUtf8AsHex) {
  EXPECT_EQ(safe("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(safe("\xc0\xaf"), "\\xc0\\xaf");                    // overlong '/'
  EXPECT_EQ(safe("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(safe("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(safe("caf\xc3"), "caf\\xc3");                       // cut in the middle
}

TEST(Terminal, LeavesOrdinaryTextInAnyLanguageAlone) {
  EXPECT_EQ(safe("grüß dich, 世界 \\n"), "grüß dich, 世界 \\n");
}

TEST(Terminal, KeepsTheLinesOfAWholeText) {
  EXPECT_EQ(safe_lines("a 1\n\tb\x1b[0m\r\n"), "a 1\n\tb\\x1b[0m\\r\n");
}

TEST(Terminal, WritesTheSameJsonWithSteeringCharactersEscaped) {
  EXPECT_EQ(safe_json("{\n\"a\": \"\xc2\x9b\u202e\x7f\"\n}"), "{\n\"a\": \"\\u009b\\u202e\\u007f\"\n}");
  EXPECT_EQ(safe_json("\"\U000e0041\""), "\"\\udb40\\udc41\"");
}

TEST(Terminal, TomlKeepsItsValueAndLosesWhatSteers) {
  EXPECT_EQ(safe_toml("[a]\nb = \"ä\xc2\x9b\u202e\x7f\xff\"\n"),
            "[a]\nb = \"ä\\u009B\\u202E\\u007F\\uFFFD\"\n");
  EXPECT_EQ(safe_toml("\"\U000e0041\""), "\"\\U000E0041\"");
}

TEST(Terminal, CountsTheColumnsThatTextTakes) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("grüß"), 4U);
  EXPECT_EQ(display_width("世界"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("🚀"), 2U);
}

TEST(Terminal, ShortensToTheWidthWithAnEllipsis) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdef", 5), "abcd…");
  EXPECT_EQ(shorten("abcdef", 1), "…");
  EXPECT_EQ(shorten("abcdef", 0), "");
}

TEST(Terminal, NeverCutsAWideCharacterInHalves) {
  EXPECT_EQ(shorten("世界世界", 4), "世…");
  EXPECT_LE(display_width(shorten("世界世界", 4)), 4U);
}

}  // namespace
}  // namespace tcpctl::ctl
