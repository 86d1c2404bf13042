// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "config/config.hpp"

namespace tcpctl::config {
namespace {

using testing::HasSubstr;

Node parsed(std::string_view text) { return parse_toml(text, "t.toml").value(); }

std::string refusal(std::string_view text) {
  const auto root = parse_toml(text, "t.toml");
  return root ? "" : root.error().front().text();
}

TEST(Toml, KeepsEveryTypeOfValue) {
  const auto root = parsed("a = 1\nb = 1.5\nc = 'x'\nd = true\ne = [1, 2]\nf = { g = 1 }\n");

  EXPECT_EQ(*root.find("a")->as<std::int64_t>(), 1);
  EXPECT_EQ(*root.find("b")->as<double>(), 1.5);
  EXPECT_EQ(*root.find("c")->as<std::string>(), "x");
  EXPECT_EQ(*root.find("d")->as<bool>(), true);
  EXPECT_EQ(root.find("e")->as<Node::List>()->size(), 2U);
  EXPECT_EQ(*root.find("f")->find("g")->as<std::int64_t>(), 1);
}

TEST(Toml, KnowsWhereValuesAndKeysStand) {
  const auto root = parsed("\n[listeners.web]\nlisten = [ 'a', 'b' ]\n");
  const auto* listen = root.find("listeners")->find("web")->find("listen");
  const auto& second = listen->as<Node::List>()->at(1);

  EXPECT_EQ(listen->key_place().text(), "t.toml:3:1");
  EXPECT_EQ(listen->place().text(), "t.toml:3:10");
  EXPECT_EQ(second.place().text(), "t.toml:3:17");
  EXPECT_EQ(second.place().pointer, "/listeners/web/listen/1");
  EXPECT_EQ(second.place().label(), "listeners.web.listen[1]");
}

TEST(Toml, EscapesKeysInPointers) {
  const auto root = parsed("'a/b~c' = 1\n");

  EXPECT_EQ(root.find("a/b~c")->place().pointer, "/a~1b~0c");
  EXPECT_EQ(root.find("a/b~c")->place().label(), "a/b~c");
}

TEST(Toml, SaysWhereTheTextIsNoToml) {
  EXPECT_THAT(refusal("a = 1\na = 2\n"), HasSubstr("t.toml:2:"));
  EXPECT_THAT(refusal("a = 1\na = 2\n"), HasSubstr("cannot redefine existing integer 'a'"));
  EXPECT_THAT(refusal("[listeners.x]\n[listeners.x]\n"), HasSubstr("t.toml:2:"));
  EXPECT_THAT(refusal("a = 'b"), HasSubstr("t.toml:1:"));
  EXPECT_THAT(refusal("\xff\xfe"), HasSubstr("t.toml:1:"));
}

TEST(Toml, RefusesDatesSinceNoKeyTakesOne) {
  EXPECT_EQ(refusal("x = 2026-11-22\n"),
            "t.toml:1:5: x: dates and times are no values here, put it in quotes");
}

TEST(Toml, BoundsTheDepth) {
  std::string deep = "x = ";
  for (int i = 0; i < 40; ++i) deep += "[";
  for (int i = 0; i < 40; ++i) deep += "]";

  EXPECT_THAT(refusal(deep), HasSubstr("nested too deeply"));
}

TEST(Toml, AKeyOfEndlessPartsDoesNotOverflowTheStack) {
  std::string key = "\na";
  for (int i = 0; i < 1'000'000; ++i) key += ".a";

  EXPECT_EQ(refusal(key + " = 1\n"), "t.toml:2:1: more than 1000 dots in one line; break it");
}

TEST(Toml, AnEmptyTextIsAnEmptyTable) { EXPECT_TRUE(parsed("").as<Node::Table>()->empty()); }

}  // namespace
}  // namespace tcpctl::config
