// SPDX-License-Identifier: Apache-2.0
#include "config/node.hpp"

#include <gtest/gtest.h>

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
