// SPDX-License-Identifier: Apache-2.0
// tcpctl alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "ctl/json.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;

class Overview : public ::testing::Test {
 protected:
  Overview() { daemon_.answer("GET /v1/status", kStatus); }
  [[nodiscard]] Ran here(const std::string& format) const {
    return tcpctl({"--host", daemon_.host(), "-o", format});
  }
  FakeDaemon daemon_;
};

TEST_F(Overview, SaysThatNothingIsWrong) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}));
  daemon_.answer("GET /v1/clients?limit=1000", page({}));

  const auto ran = here("table");

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out, HasSubstr("\nNo problems.\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nNo clients.\n"));
}

TEST_F(Overview, FollowsThePagesOfListenersAndClients) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}, "c"));
  daemon_.answer("GET /v1/listeners?limit=1000&cursor=c", page({kHello}));
  daemon_.answer("GET /v1/clients?limit=1000", page({kFeed}));

  const auto json = Json::parse(here("json").out);

  ASSERT_TRUE(json);
  EXPECT_EQ(json->items("listeners").size(), 2U);
  EXPECT_EQ(json->items("clients").size(), 1U);
  EXPECT_EQ(json->text("status.version"), "0.1.0");
}

TEST_F(Overview, TellsWhichUpstreamsAreDownSinceWhenAndWhy) {
  const auto upstream = [](const std::string& name, const std::string& state, const std::string& since) {
    return R"({"name":")" + name + R"(","operational_state":")" + state + R"(","since":")" + since +
           R"(","cause":"L4CON: refused by )" + name + "\"}";
  };
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}));
  daemon_.answer("GET /v1/clients?limit=1000", page({}));
  daemon_.answer("GET /v1/listeners/web/upstreams", page({upstream("u1", "up", "2026-11-22T13:00:00Z"),
                                                          upstream("u2", "down", "2026-11-22T12:00:00Z"),
                                                          upstream("u3", "down", "2026-11-22T12:03:00Z")}));

  const auto ran = tcpctl({"--host", daemon_.host(), "--utc"});

  EXPECT_THAT(
      ran.out,
      HasSubstr(
          "failed listener web: 2 of 3 upstreams down since 2026-11-22 12:03:00Z (L4CON: refused by u3)\n"));
}

TEST_F(Overview, HasNoCsv) { EXPECT_EQ(here("csv").exit, Exit::usage); }

TEST_F(Overview, EscapesWhatItPutsIntoWords) {
  daemon_.answer("GET /v1/listeners?limit=1000",
                 page({R"({"name": "a\u001b[2J", "state": "failed", "error": "x\ny", "addresses": []})"}));
  daemon_.answer("GET /v1/clients?limit=1000", page({}));

  EXPECT_THAT(here("table").out, HasSubstr("listener a\\x1b[2J: x\\ny\n"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
