// SPDX-License-Identifier: Apache-2.0
#include "ctl/probe_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kResult =
    R"({"success": true, "result": "L7OK", "failed_step": null, "got": null, "at": "2026-11-22T13:01:00.000000Z",
 "duration_ms": 900, "phases_ms": {"resolve": null, "connect": 0.2},
 "steps": [{"n": 1, "kind": "expect", "ok": true, "ms": 1.5}, {"n": 2, "kind": "send", "ok": true, "ms": 0.01}]})";

/// One step done, and the next under way, of the run that began at `at`.
std::string running(const std::string& at) {
  return R"({"running": {"at": ")" + at +
         R"(", "duration_ms": 300, "address": "10.0.0.9:25", "phase": "steps", "phases_ms": {},
 "steps": [{"n": 1, "kind": "expect", "ok": true, "ms": 1.5}], "step": {"n": 2, "kind": "send"}}})";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// A daemon that answers `run` only after the client was asked for as often as `polls`.
class ProbeRun : public ::testing::Test {
 protected:
  Ran ran(const std::string& client, const Around& around = {}, std::vector<std::string> more = {}) {
    daemon_.answer("GET /v1/clients/check", client);
    daemon_.answer("POST /v1/clients/check/run", kResult);
    daemon_.hold_back("POST /v1/clients/check/run", "GET /v1/clients/check", 2);
    std::vector<std::string> words{"--host", daemon_.host(), "client", "run", "check"};
    words.insert(words.end(), more.begin(), more.end());
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(ProbeRun, PrintsEachStepOnceAsItIsDoneAndTheResultLast) {
  const auto done = ran(running("2026-11-22T13:01:00.000000Z"));

  EXPECT_EQ(done.exit, Exit::done);
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(done.out,
              StartsWith("step 1  expect         ok     1.50 ms\nstep 2  send           ok     0.010 ms\n"
                         "Probe check\n  Result"));
  EXPECT_EQ(count(done.out, "step "), 2U);
}

TEST_F(ProbeRun, DrawsALineOfWhatIsUnderWayOnATerminalAndTakesItBack) {
  const auto done =
      ran(running("2026-11-22T13:01:00.000000Z"),
          {.variables = {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, .terminal = true, .terminal_width = 80});

  EXPECT_THAT(done.out, HasSubstr("step 1  expect         ok     1.50 ms\nstep 2  send ...  300ms\r\x1b[K"));
  EXPECT_EQ(count(done.out, "step 1  "), 1U);
}

TEST_F(ProbeRun, RedrawsNothingOnATerminalThatCannot) {
  const auto done =
      ran(running("2026-11-22T13:01:00.000000Z"), {.variables = {{"TERM", "dumb"}}, .terminal = true});

  EXPECT_THAT(done.out, Not(HasSubstr("\r")));
}

TEST_F(ProbeRun, TellsAllStepsWhereAnotherRunWasUnderWay) {
  const auto done = ran(running("2026-11-22T13:00:50.000000Z"));

  EXPECT_EQ(count(done.out, "step 1  "), 2U);
  EXPECT_EQ(count(done.out, "step 2  "), 1U);
}

TEST_F(ProbeRun, IsContentWithADaemonThatTellsOfNoRun) {
  for (const auto* client : {R"({"running": null})", "{}"}) {
    const auto done = ran(client);

    EXPECT_EQ(done.exit, Exit::done);
    EXPECT_EQ(count(done.out, "step "), 2U);
  }
}

TEST_F(ProbeRun, PrintsTheAnswerAloneAsJson) {
  daemon_.answer("POST /v1/clients/check/run", kResult);

  const auto done = tcpctl({"--host", daemon_.host(), "-o", "json", "client", "run", "check"});

  const auto json = Json::parse(done.out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("result"), "L7OK");
  EXPECT_THAT(daemon_.asked(), ::testing::ElementsAre("POST /v1/clients/check/run"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
