// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::Eq;
using testing::Optional;

TEST(Text, EscapedKeepsPrintableAsciiAndNothingElse) {
  EXPECT_EQ(escaped(as_bytes("plain ~!")), "plain ~!");
  EXPECT_EQ(escaped(as_bytes("a\r\n\tb\\")), "a\\r\\n\\tb\\\\");
  EXPECT_EQ(escaped(as_bytes(std::string_view{"\0\x1b[31m\x7f\xff", 8})), "\\x00\\x1b[31m\\x7f\\xff");
}

TEST(Text, EscapedSaysThatSomethingWasCut) {
  EXPECT_EQ(escaped(as_bytes("abcdef"), 3), "abc...");
  EXPECT_EQ(escaped(as_bytes("abc"), 3), "abc");
  EXPECT_EQ(escaped(as_bytes("a"), 0), "...");
}

TEST(Text, NearestFindsATypingError) {
  const std::vector<std::string> keys{"accept_rate", "allow", "backlog", "listen"};

  EXPECT_THAT(nearest("acept_rate", keys), Optional(Eq("accept_rate")));
  EXPECT_THAT(nearest("lisetn", keys), Optional(Eq("listen")));
  EXPECT_THAT(nearest("backlogs", keys), Optional(Eq("backlog")));
}

TEST(Text, NearestPrefersTheCloserOne) {
  EXPECT_THAT(nearest("cole", {"close_all", "clone", "close"}), Optional(Eq("clone")));
  EXPECT_THAT(nearest("read", {"reader", "read"}), Optional(Eq("read")));
}

TEST(Text, NearestIsSilentAboutWordsThatAreFar) {
  EXPECT_EQ(nearest("frobnicate", {"listen", "service"}), std::nullopt);
  EXPECT_EQ(nearest("abc", {"xyz", "on"}), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), {"a"}), std::nullopt);
}

TEST(Text, NamesAreThoseOfTheContract) {
  EXPECT_TRUE(is_name("web"));
  EXPECT_TRUE(is_name("0.smtp-check_2"));
  EXPECT_TRUE(is_name(std::string(64, 'a')));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
  EXPECT_FALSE(is_name(""));
  EXPECT_FALSE(is_name(".web"));
  EXPECT_FALSE(is_name("-web"));
  EXPECT_FALSE(is_name("a b"));
  EXPECT_FALSE(is_name("a/b"));
  EXPECT_FALSE(is_name("b\xc3\xbc"));
}

TEST(Text, HexTakesBlanksBetweenBytes) {
  EXPECT_THAT(from_hex("0d 0a"), Optional(Eq("\r\n")));
  EXPECT_THAT(from_hex("DEADbeef"), Optional(Eq("\xde\xad\xbe\xef")));
  EXPECT_THAT(from_hex(""), Optional(Eq("")));
}

TEST(Text, HexRefusesHalfABlankedOrForeignDigit) {
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0 d"), std::nullopt);
  EXPECT_EQ(from_hex("0x0d"), std::nullopt);
  EXPECT_EQ(from_hex("gg"), std::nullopt);
}

}  // namespace
}  // namespace tcpctl
