// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(std::string_view text) {
  const auto root = parse_json(text);
  return root ? "" : root.error().front().text();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, KeepsEveryTypeOfValue) {
  const auto root =
      parse_json(R"({"a": -1, "b": 1.5, "c": "x\n", "d": true, "e": [1], "f": {"g": null}})").value();

  EXPECT_EQ(*root.find("a")->as<std::int64_t>(), -1);
  EXPECT_EQ(*root.find("b")->as<double>(), 1.5);
  EXPECT_EQ(*root.find("c")->as<std::string>(), "x\n");
  EXPECT_EQ(*root.find("d")->as<bool>(), true);
  EXPECT_EQ(root.find("e")->as<Node::List>()->size(), 1U);
  EXPECT_NE(root.find("f")->find("g")->as<std::monostate>(), nullptr);
}

TEST(Json, PlacesArePointers) {
  const auto root = parse_json(R"({"listen": ["a", "b"], "x/y": {"z": 1}})").value();

  EXPECT_EQ(root.find("listen")->as<Node::List>()->at(1).place().text(), "/listen/1");
  EXPECT_EQ(root.find("x/y")->find("z")->place().text(), "/x~1y/z");
  EXPECT_EQ(root.place().text(), "/");
}

TEST(Json, RefusesAKeyThatIsThereTwice) {
  EXPECT_EQ(refusal(R"({"a": {"b": 1, "b": 2}})"), "/a/b: the key 'b' is there twice");
}

TEST(Json, SaysWhereTheTextIsNoJson) {
  EXPECT_THAT(refusal(R"({"a": [1, x]})"), StartsWith("/a/1: not JSON, at byte 11: "));
  EXPECT_THAT(refusal(""), StartsWith("/: not JSON"));
  EXPECT_THAT(refusal("{} {}"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("{\"a\": \"\xff\"}"), HasSubstr("not JSON"));
}

TEST(Json, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(refusal(R"({"a": 9223372036854775808})"), "/a: the number 9223372036854775808 is too large");
  EXPECT_EQ(refusal(R"({"a": 9223372036854775807})"), "");
  EXPECT_THAT(refusal(R"({"a": 1e999})"), HasSubstr("not JSON"));
}

TEST(Json, BoundsTheDepth) {
  EXPECT_EQ(refusal(nested(16)), "");
  EXPECT_THAT(refusal(nested(17)), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested too deeply"));
}

TEST(Json, BoundsKeysAndTheMemoryOfPlaces) {
  const auto key = std::string(250, 'k');
  std::string wide;
  for (int i = 0; i < 10; ++i) wide += "{\"" + key + "\":";
  wide += "[0";
  for (int i = 0; i < 100'000; ++i) wide += ",0";

  EXPECT_THAT(refusal("{\"" + std::string(257, 'k') + "\": 1}"), HasSubstr("a key of more than 256 bytes"));
  EXPECT_THAT(refusal(wide), HasSubstr("too many values"));
}

TEST(Json, WritesWhatItRead) {
  const std::string text = R"({"a":[1,2.5,"x",null,true],"b":{"c":"d"}})";
  const KeyTable none;

  EXPECT_EQ(to_json(parse_json(text).value(), none, "", false), text);
}

TEST(Json, RedactsSecretsWhereAsked) {
  const auto config = test::configured(R"(
[api.tokens.ci]
role = "read"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
[clients.mail]
connect = "127.0.0.1:25"
mode = "probe"
steps = [{ send = "AUTH secret" }, { expect_eof = true }]
)");

  const auto open = to_json(config, test::all_keys(), false);
  const auto closed = to_json(config, test::all_keys(), true);
  const auto object = config.clients.at("mail")->written.json(test::all_keys(), "clients.*", true);

  EXPECT_THAT(open, HasSubstr("AUTH secret"));
  EXPECT_THAT(closed, testing::Not(HasSubstr("AUTH")));
  EXPECT_THAT(closed, testing::Not(HasSubstr("00000")));
  EXPECT_EQ(
      object,
      R"({"connect":"127.0.0.1:25","mode":"probe","steps":[{"send":"<redacted>"},{"expect_eof":true}]})");
}

TEST(Json, WritesOtherBytesThanUtf8AsReplacements) {
  const Node node{std::string{"a\xff"}, {}};

  EXPECT_EQ(to_json(node, KeyTable{}, "", false), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace tcpctl::config
