// SPDX-License-Identifier: Apache-2.0
#include "config/written.hpp"

#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

Node toml(const std::string& text) { return parse_toml(text, "t.toml").value(); }

TEST(Written, GivesTheTableBack) {
  const Node table = toml(R"(a = [1, 2.5, -0.0, 1e300, "x\u00e4\n", true]
b = { c = "d", e = [] }
)");

  EXPECT_EQ(Written{table}.node(), table);
}

TEST(Written, GivesPlacesBelowAPointer) {
  const Written written{toml("a = [{ b = 1 }]")};

  EXPECT_EQ(written.node("/listeners/x").find("a")->as<Node::List>()->front().find("b")->place().pointer,
            "/listeners/x/a/0/b");
  EXPECT_EQ(written.node().find("a")->place().pointer, "/a");
}

TEST(Written, IsAnEmptyTableAtFirst) { EXPECT_EQ(Written{}.node(), (Node{Node::Table{}, {}})); }

TEST(Written, HidesSecretsWhereAsked) {
  const Written written{toml("connect = 'a:1'\nmode = 'probe'\nsteps = [{ send = 'secret' }]")};

  EXPECT_THAT(written.json(test::all_keys(), "clients.*", true),
              testing::HasSubstr(R"({"send":"<redacted>"})"));
  EXPECT_THAT(written.json(test::all_keys(), "clients.*", false), testing::HasSubstr("secret"));
}

}  // namespace
}  // namespace tcpctl::config
