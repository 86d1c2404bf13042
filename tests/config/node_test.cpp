// SPDX-License-Identifier: Apache-2.0
#include "config/node.hpp"

#include <gtest/gtest.h>

#include "config/config.hpp"

namespace tcpctl::config {
namespace {

Place at(std::uint32_t order, std::uint32_t line, std::uint32_t column) {
  return {std::make_shared<const std::string>("t.toml"), line, column, "", order};
}

TEST(Node, IsEqualInValueWhereverItWasWritten) {
  EXPECT_EQ((Node{std::int64_t{1}, at(0, 1, 1)}), (Node{std::int64_t{1}, at(1, 2, 3)}));
  EXPECT_FALSE((Node{std::int64_t{1}, {}}) == (Node{std::string{"1"}, {}}));
}

TEST(Node, FindsMembersOfTablesAlone) {
  const Node table{Node::Table{{"a", Node{true, {}}}}, {}};

  EXPECT_NE(table.find("a"), nullptr);
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_EQ((Node{true, {}}.find("a")), nullptr);
}

TEST(Node, MergesAsRfc7396Says) {
  const auto merged = [](const char* before, const char* patch) {
    Node node = parse_json(before).value();
    node.merge(parse_json(patch).value());
    return node == parse_json("null").value() ? "null" : to_json(node, {}, "", false);
  };

  // The cases of its appendix A that a configuration can have.
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"b":"c"})"), R"({"a":"b","b":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":null})"), "{}");
  EXPECT_EQ(merged(R"({"a":"b","b":"c"})", R"({"a":null})"), R"({"b":"c"})");
  EXPECT_EQ(merged(R"({"a":["b"]})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"c"})", R"({"a":["b"]})"), R"({"a":["b"]})");
  EXPECT_EQ(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"), R"({"a":{"b":"d"}})");
  EXPECT_EQ(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})"), R"({"a":[1]})");
  EXPECT_EQ(merged(R"({"a":"foo"})", R"("bar")"), R"("bar")");
  EXPECT_EQ(merged(R"({"e":null})", R"({"a":1})"), R"({"a":1,"e":null})");
  EXPECT_EQ(merged("[1,2]", R"({"a":"b","c":null})"), R"({"a":"b"})");
  EXPECT_EQ(merged("{}", R"({"a":{"bb":{"ccc":null}}})"), R"({"a":{"bb":{}}})");
}

TEST(Node, PlacesAreOrderedByFileThenLineThenColumn) {
  EXPECT_TRUE(at(1, 9, 9).before(at(2, 1, 1)));
  EXPECT_TRUE(at(1, 1, 9).before(at(1, 2, 1)));
  EXPECT_TRUE(at(1, 1, 1).before(at(1, 1, 2)));
  EXPECT_FALSE(at(1, 1, 1).before(at(1, 1, 1)));
}

TEST(Node, PlacesReadAsCompilersWriteThem) {
  EXPECT_EQ(at(0, 12, 3).text(), "t.toml:12:3");
  EXPECT_EQ(at(0, 0, 0).text(), "t.toml");
  EXPECT_EQ((Mistake{at(0, 12, 3), "wrong"}.text()), "t.toml:12:3: wrong");
}

TEST(Node, LabelsNameKeysAsUsersDo) {
  Place place;
  place.pointer = "/clients/x/steps/0/send";
  EXPECT_EQ(place.label(), "clients.x.steps[0].send");
  place.pointer = "/0/a~1b~0";
  EXPECT_EQ(place.label(), "0.a/b~");
  place.pointer = "";
  EXPECT_EQ(place.label(), "");
}

}  // namespace
}  // namespace tcpctl::config
