// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Upstreams : public ::testing::Test {
 protected:
  Upstreams() { daemon_.answer("PATCH /v1/listeners/web/upstreams/u1", kUpstream); }
  [[nodiscard]] Ran here(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, {});
  }
  FakeDaemon daemon_;
};

TEST_F(Upstreams, AreDrainedAndTakenBack) {
  for (const std::string state : {"ready", "drain", "maint"}) {
    const auto ran = here({"upstream", state, "web", "u1"});

    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_THAT(ran.out, HasSubstr("upstream u1 of web: " + state));
    EXPECT_THAT(daemon_.last(), HasSubstr(R"({"admin_state": ")" + state + "\"}"));
  }
}

TEST_F(Upstreams, AreNotSaidToTakeSessionsWhileTheyAreDown) {
  auto down = kUpstream;
  const std::string up = R"("operational_state": "up")";
  down.replace(down.find(up), up.size(), R"("operational_state": "down")");
  daemon_.answer("PATCH /v1/listeners/web/upstreams/u1", down);

  EXPECT_THAT(here({"upstream", "ready", "web", "u1"}).out, HasSubstr("ready, but down ("));
}

TEST_F(Upstreams, AreLeftToTheConfigurationAgain) {
  EXPECT_THAT(here({"upstream", "default", "web", "u1"}).out,
              HasSubstr("upstream u1 of web: ready, as the configuration says"));
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"admin_state": null})"));
}

TEST_F(Upstreams, GetAWeight) {
  EXPECT_THAT(here({"upstream", "weight", "web", "u1", "10"}).out, HasSubstr("has weight 10"));
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"weight": 10})"));
  (void)here({"upstream", "weight", "web", "u1", "default"});
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"weight": null})"));
  for (const std::string wrong : {"257", "x", "1x", ""}) {
    EXPECT_EQ(here({"upstream", "weight", "web", "u1", wrong}).exit, Exit::usage) << wrong;
  }
}

TEST_F(Upstreams, OfAllListenersAreListedWithTheirs) {
  auto row = kUpstream;
  row.insert(1, R"("listener": "web", )");
  daemon_.answer("GET /v1/listeners?limit=1000", page({R"({"name": "echo", "service": "echo"})",
                                                       R"({"name": "web", "service": "forward"})"}));
  daemon_.answer("GET /v1/listeners/web/upstreams", page({row}));

  const auto ran = here({"upstream"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out, HasSubstr("LISTENER"));
  EXPECT_THAT(ran.out, HasSubstr("web"));
  EXPECT_THAT(ran.out, Not(HasSubstr("echo")));
}

TEST_F(Upstreams, ThatAreNotThereHaveAnExitStatusOfTheirOwn) {
  EXPECT_EQ(here({"upstream", "drain", "web", "u9"}).exit, Exit::not_found);
}

}  // namespace
}  // namespace tcpctl::ctl::test
