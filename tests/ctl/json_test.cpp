// SPDX-License-Identifier: Apache-2.0
#include "ctl/json.hpp"

#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

Json parsed(std::string_view text) { return Json::parse(text).value_or(Json{}); }

TEST(Json, ReadsMembersByTheirPath) {
  const auto json = parsed(R"({"a": {"b": 3, "c": "x", "d": true, "e": 0.5}})");

  EXPECT_EQ(json.count("a.b"), 3U);
  EXPECT_EQ(json.text("a.c"), "x");
  EXPECT_EQ(json.truth("a.d"), true);
  EXPECT_EQ(json.number("a.e"), 0.5);
}

TEST(Json, ReadsNothingWhereNothingOrSomethingElseIs) {
  const auto json = parsed(R"({"a": null, "b": "text", "c": -1})");

  EXPECT_FALSE(json.text("a"));
  EXPECT_FALSE(json.text("b.c.d"));
  EXPECT_FALSE(json.number("b"));
  EXPECT_FALSE(json.count("c"));
  EXPECT_FALSE(json.text("missing"));
  EXPECT_TRUE(json.items("b").empty());
  EXPECT_TRUE(json.members("missing").empty());
  EXPECT_EQ(Json{}.raw(), "");
}

TEST(Json, KeepsTheOrderOfMembers) { EXPECT_EQ(parsed(R"({"z": 1, "a": 2})").dump(-1), R"({"z":1,"a":2})"); }

TEST(Json, KeepsPartsAliveWhenTheWholeIsGone) {
  auto items = parsed(R"({"items": [{"name": "x"}]})").items("items");

  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items.front().text("name"), "x");
}

TEST(Json, RefusesWhatIsNoJson) {
  EXPECT_FALSE(Json::parse("<html>"));
  EXPECT_FALSE(Json::parse("{"));
  EXPECT_FALSE(Json::parse("\"\xff\""));
}

TEST(Json, RefusesNestingThatCouldExhaustTheStack) {
  EXPECT_TRUE(Json::parse(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(Json::parse(std::string(101, '[') + std::string(101, ']')));
  EXPECT_TRUE(Json::parse("\"" + std::string(500, '[') + "\\\"" + std::string(500, '[') + "\""));
}

TEST(Json, KeepsLargeCountsExact) {
  EXPECT_EQ(parsed("18446744073709551615").count(), 18446744073709551615U);
}

TEST(Json, QuotesTextAndRefusesWhatIsNoUtf8) {
  EXPECT_EQ(json_string("a\"b\n"), "\"a\\\"b\\n\"");
  EXPECT_FALSE(json_string("\xff"));
}

}  // namespace
}  // namespace tcpctl::ctl
