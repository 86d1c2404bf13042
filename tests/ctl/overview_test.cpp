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

TEST_F(Overview, HasNoCsv) { EXPECT_EQ(here("csv").exit, Exit::usage); }

TEST_F(Overview, EscapesWhatItPutsIntoWords) {
  daemon_.answer("GET /v1/listeners?limit=1000",
                 page({R"({"name": "a\u001b[2J", "state": "failed", "error": "x\ny", "addresses": []})"}));
  daemon_.answer("GET /v1/clients?limit=1000", page({}));

  EXPECT_THAT(here("table").out, HasSubstr("listener a\\x1b[2J: x\\ny\n"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
