// SPDX-License-Identifier: Apache-2.0
// tcpctl listener drain and tcpctl upstream drain.
#include "ctl/drain_run.hpp"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kListener = "GET /v1/listeners/web";
constexpr const char* kDrain =
    R"({"began_at": "2026-11-22T13:00:00.000000Z", "ends_at": "2026-11-22T13:00:30.000000Z"})";

std::string listener(int active, const std::string& drain = kDrain) {
  return R"({"name": "web", "state": "draining", "connections": {"active": )" + std::to_string(active) +
         R"(}, "drain": )" + drain + "}";
}

std::string upstreams(int assigned, const std::string& state = "drain") {
  const auto row = [&](const std::string& name, int count) {
    return R"({"name": ")" + name + R"(", "admin_state": ")" + state + R"(", "assigned": )" +
           std::to_string(count) + R"(, "drain": )" + kDrain + "}";
  };
  return R"({"items": [)" + row("u1", assigned) + ", " + row("u2", 9) + R"(], "total": 2, "next": null})";
}

class DrainRun : public ::testing::Test {
 protected:
  DrainRun() {
    daemon_.answer("POST /v1/listeners/web/drain", listener(3));
    daemon_.answer("POST /v1/listeners/web/drain?drain=30s", listener(3));
    daemon_.answer("PATCH /v1/listeners/web/upstreams/u1", kUpstream);
  }
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(DrainRun, BeginsAndDoesNotWaitUnlessToldTo) {
  EXPECT_THAT(here({"listener", "drain", "web", "--time", "30s"}).out, HasSubstr("listener web: draining"));
  EXPECT_EQ(daemon_.asked().size(), 1U);
  EXPECT_EQ(here({"listener", "drain", "web", "--time", "soon"}).exit, Exit::usage);
}

TEST_F(DrainRun, WaitsUntilNoneRemainWithALineAtEachEnd) {
  daemon_.answer_in_turn(kListener, {listener(3), listener(1), listener(0)});

  const auto ran = here({"listener", "drain", "web", "--wait"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "listener web: 3 connections remain\nlistener web: drained, no connections remain\n");
}

TEST_F(DrainRun, ShowsATerminalABarAndTheOldestThatRemain) {
  daemon_.answer_in_turn(kListener, {listener(1000), listener(250), listener(0)});
  daemon_.answer("GET /v1/connections?listener=web&direction=inbound&sort=-age&limit=5", page({kOpen}));

  const auto ran = here({"listener", "drain", "web", "--time", "30s", "--wait"},
                        {.variables = {{"TERM", "xterm"}}, .terminal = true, .terminal_width = 120});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out,
              HasSubstr("listener web  [........................]  1,000 of 1,000 connections remain, "));
  EXPECT_THAT(ran.out,
              HasSubstr("listener web  [##################......]  250 of 1,000 connections remain, "));
  EXPECT_THAT(ran.out, HasSubstr("  2-1417  10.0.0.7:51344  open for "));
  EXPECT_THAT(ran.out, EndsWith("\x1b[2A\r\x1b[Jlistener web: drained, no connections remain\n"));
}

TEST_F(DrainRun, ShortensTheBarOnANarrowTerminalRatherThanTheWords) {
  const auto words = std::vector<std::string>{"listener", "drain", "web", "--wait"};
  const auto at = [&](std::size_t width) {
    daemon_.answer_in_turn(kListener, {listener(4), listener(2), listener(0)});
    return here(words, {.variables = {{"TERM", "xterm"}}, .terminal = true, .terminal_width = width}).out;
  };

  EXPECT_THAT(at(70), HasSubstr("listener web  [#######.......]  2 of 4 connections remain, "));
  EXPECT_THAT(at(60), HasSubstr("listener web  2 of 4 connections remain, "));
}

TEST_F(DrainRun, TakesNoTimeThatTheDaemonWouldNot) {
  const auto ran = here({"listener", "drain", "web", "--time", "25h"});

  EXPECT_EQ(ran.exit, Exit::usage);
  EXPECT_EQ(ran.err, "tcpctl: --time: '25h' is more than 24h\n");
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(DrainRun, FailsWhereSomebodyResumesMeanwhile) {
  daemon_.answer_in_turn(kListener, {listener(3), listener(2, "null")});

  const auto ran = here({"listener", "drain", "web", "--wait"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr("listener web: the drain was ended, 2 connections remain"));
}

TEST_F(DrainRun, LeavesTheDrainGoingWhenItIsInterrupted) {
  daemon_.answer(kListener, listener(3));
  std::thread interrupting{[this, waiting = ::pthread_self()] {
    while (daemon_.asked().size() < 3) std::this_thread::yield();
    ::pthread_kill(waiting, SIGINT);
  }};

  const auto ran = here({"listener", "drain", "web", "--wait"});
  interrupting.join();

  EXPECT_THAT(ran.err, AllOf(HasSubstr("the drain goes on, 3 connections remain"),
                             HasSubstr("'tcpctl listener resume web' ends it")));
}

TEST_F(DrainRun, PrintsAsJsonWhatTheListenerIsInTheEnd) {
  daemon_.answer_in_turn(kListener, {listener(1), listener(0)});

  const auto json = Json::parse(here({"listener", "drain", "web", "--wait", "-o", "json"}).out);

  ASSERT_TRUE(json);
  EXPECT_EQ(json->count("connections.active"), 0U);
}

TEST_F(DrainRun, WaitsForOneUpstreamAlone) {
  daemon_.answer_in_turn("GET /v1/listeners/web/upstreams", {upstreams(2), upstreams(0)});

  const auto ran = here({"upstream", "drain", "web", "u1", "--time", "30s", "--wait"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(daemon_.requests().front(), EndsWith(R"({"admin_state": "drain", "drain": "30s"})"));
  EXPECT_THAT(ran.out, HasSubstr("upstream u1 of web: 2 connections remain\n"));
  EXPECT_THAT(ran.out, EndsWith("upstream u1 of web: drained, no connections remain\n"));
}

TEST_F(DrainRun, FailsWhereTheUpstreamIsMadeReadyMeanwhile) {
  daemon_.answer_in_turn("GET /v1/listeners/web/upstreams", {upstreams(2), upstreams(2, "ready")});

  EXPECT_EQ(here({"upstream", "drain", "web", "u1", "--wait"}).exit, Exit::failed);
}

TEST_F(DrainRun, SaysThatTheListenerIsGoneWhereSomebodyRemovesIt) {
  daemon_.answer_in_turn(kListener, {Canned{200, listener(3)}, problem(404, "no listener 'web'")});

  const auto ran = here({"listener", "drain", "web", "--wait"});

  EXPECT_EQ(ran.exit, Exit::not_found);
  EXPECT_EQ(ran.out, "listener web: 3 connections remain\n");
  EXPECT_THAT(ran.err, HasSubstr("tcpctl: listener web is gone: it was removed before its drain was over"));
}

TEST_F(DrainRun, SaysThatTheUpstreamIsGoneWhereSomebodyRemovesItOrItsListener) {
  constexpr const char* kOthersAlone =
      R"({"items": [{"name": "u10", "assigned": 1}, {"name": "u2", "assigned": 9}]})";
  for (const auto& then : {Canned{200, kOthersAlone}, problem(404, "no listener 'web'")}) {
    daemon_.answer_in_turn("GET /v1/listeners/web/upstreams", {Canned{200, upstreams(2)}, then});

    const auto ran = here({"upstream", "drain", "web", "u1", "--wait"});

    EXPECT_EQ(ran.exit, Exit::not_found);
    EXPECT_THAT(ran.err, HasSubstr("tcpctl: upstream u1 of web is gone: it was removed"));
    EXPECT_THAT(ran.out, Not(HasSubstr("drained")));
  }
}

}  // namespace
}  // namespace tcpctl::ctl::test
