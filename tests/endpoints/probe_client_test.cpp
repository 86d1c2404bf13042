// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_client.hpp"

#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ProbeClientTest : public testing::Test {
 protected:
  void start(
      const std::string& steps, const std::function<void(config::Client&)>& change = [](config::Client&) {}) {
    auto config = test::client_config(config::ClientMode::probe, test::to(target));
    change(config);
    worker().tick();
    begun = now();
    client = make_client(worker(), resolver, pacer, test::client_plan(config, owner, steps), record);
  }
  Worker& worker() { return runner.worker; }
  bool run_until(const std::function<bool()>& condition) { return runner.run_until(condition); }
  void accept() {
    ASSERT_TRUE(run_until([&] {
      if (Fd fd = listener.accept()) peer = Peer{std::move(fd)};
      return static_cast<bool>(peer);
    }));
  }
  /// The result number `count`, once it is there.
  ProbeRow result(std::size_t count = 1) {
    if (!run_until([&] { return client->probes().size() >= count; })) {
      ADD_FAILURE() << "no result";
      return {};
    }
    return client->probes().front();
  }

  test::LoopRunner runner;
  ClientRecord record;
  Resolver resolver{runner.loop};
  ConnectPacer pacer{runner.worker};
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::client, "probe");
  test::PlainListener listener;
  Address target = listener.address();
  Peer peer;
  Instant begun{};
  std::unique_ptr<Client> client;  // last: it goes first
};

constexpr const char* kMail =
    R"([{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect = "^221 " }, { expect_eof = true }])";

TEST_F(ProbeClientTest, TakesItsStepsAndTellsHowLongEachTook) {
  start(kMail);
  EXPECT_EQ(client->row().state, "connecting");
  accept();
  peer.write("220 welcome\r\n");
  ASSERT_TRUE(run_until([&] { return peer.has("QUIT\r\n"); }));
  peer.write("221 bye\r\n");
  peer.fin();

  const auto row = result();

  EXPECT_TRUE(row.success);
  EXPECT_EQ(row.result, "L7OK");
  EXPECT_FALSE(row.failed_step);
  EXPECT_FALSE(row.resolve);
  EXPECT_TRUE(row.connect);
  ASSERT_EQ(row.steps.size(), 4U);
  EXPECT_EQ(row.steps[0].n, 1U);
  EXPECT_EQ(row.steps[0].kind, "expect");
  EXPECT_TRUE(row.steps[3].ok);
  EXPECT_EQ(client->row().state, "up");
  EXPECT_EQ(client->row().up, 1U);
  EXPECT_TRUE(client->row().last_probe);
  EXPECT_TRUE(client->row().next_attempt_in);
  EXPECT_TRUE(run_until([&] { return worker().connections().empty(); })) << "it closes its connection";
}

TEST_F(ProbeClientTest, IsContentWithAConnectionWhereItHasNoSteps) {
  start("[]");

  EXPECT_EQ(result().result, "L4OK");
  EXPECT_TRUE(result().success);
}

TEST_F(ProbeClientTest, TellsWhichStepFailedAndWhatCameInstead) {
  start(R"([{ reject = "^5" }, { expect = "^220 " }])");
  accept();
  peer.write(
      "554 no\x01"
      "\r\n");

  const auto row = result();

  EXPECT_FALSE(row.success);
  EXPECT_EQ(row.result, "L7RSP");
  ASSERT_TRUE(row.failed_step);
  EXPECT_THAT(row.got, HasSubstr("554 no\\x01"));
  EXPECT_EQ(client->row().state, "down");
  EXPECT_THAT(client->row().error, HasSubstr("L7RSP"));
  EXPECT_EQ(client->row().failures.at("L7RSP"), 1U);
  EXPECT_THAT(client->row().outcomes, ElementsAre(Pair("L7RSP", 1U)));
  peer.close();
  ASSERT_TRUE(run_until([&] { return worker().connections().empty(); }));
  EXPECT_EQ(worker().history().entries().back().facts.close.reason, Reason::script_mismatch);
}

TEST_F(ProbeClientTest, TellsThatItWasRefused) {
  listener.close();
  start(kMail);

  const auto row = result();

  EXPECT_EQ(row.result, "L4CON");
  EXPECT_FALSE(row.success);
  EXPECT_FALSE(row.connect);
}

TEST_F(ProbeClientTest, IsContentWithARefusalThatItExpects) {
  listener.close();
  start("[{ expect_refused = true }]");

  EXPECT_TRUE(result().success);
}

TEST_F(ProbeClientTest, TellsThatNobodyAnsweredItsSyn) {
  const test::DeadEnd dead;
  target = dead.address();
  start(kMail, [](auto& config) { config.timeout = 30ms; });

  const auto row = result();

  EXPECT_EQ(row.result, "L4TOUT");
  EXPECT_GE(row.took, 30ms);
  EXPECT_EQ(row.address, target) << "who did not answer";
  EXPECT_TRUE(run_until([&] { return worker().connections().empty(); }));
}

TEST_F(ProbeClientTest, HoldsAConnectToItsOwnTimeout) {
  const test::DeadEnd dead;
  target = dead.address();
  start(kMail, [](auto& config) { config.connect_timeout = 20ms; });

  EXPECT_EQ(result().result, "L4TOUT");
}

TEST_F(ProbeClientTest, TellsThatThePeerFellSilent) {
  start(kMail, [](auto& config) { config.timeout = 50ms; });
  accept();
  peer.write("220 welcome\r\n");

  const auto row = result();

  EXPECT_EQ(row.result, "L7TOUT");
  EXPECT_EQ(row.failed_step, 3U);
}

TEST_F(ProbeClientTest, TellsThatThePeerEndedTooSoon) {
  start(kMail);
  accept();
  peer.fin();

  EXPECT_EQ(result().result, "L7EOF");
  EXPECT_EQ(result().failed_step, 1U);
}

TEST_F(ProbeClientTest, SurvivesAResetInTheMidstOfASend) {
  start(R"([{ expect = "^go" }, { send = "x" }, { send = "y" }, { expect = "z" }])");
  accept();
  peer.write("go\n");
  peer.rst();

  const auto row = result();

  EXPECT_FALSE(row.success);
  EXPECT_TRUE(run_until([&] { return worker().connections().empty(); }));
}

TEST_F(ProbeClientTest, RunsAgainAfterItsInterval) {
  listener.close();
  start(kMail, [](auto& config) { config.interval = 20ms; });

  result(3);

  const auto& entries = worker().history().entries();
  ASSERT_GE(entries.size(), 3U);
  // Up to a tick of the wheel later than its place, each.
  EXPECT_GE(entries[2].facts.opened - entries[1].facts.opened, 20ms - Wheel::kTick);
  EXPECT_EQ(client->row().attempts, client->probes().size());
}

TEST_F(ProbeClientTest, KeepsTheLastTwentyResultsNewestFirst) {
  listener.close();
  start(kMail);
  result();
  for (int i = 0; i < 25; ++i) {
    bool done = false;
    client->run([&](Result<ProbeRow>) { done = true; });
    ASSERT_TRUE(run_until([&] { return done; }));
  }

  const auto probes = client->probes();
  EXPECT_EQ(probes.size(), 20U);
  for (std::size_t i = 1; i < probes.size(); ++i) EXPECT_GE(probes[i - 1].at, probes[i].at);
}

TEST_F(ProbeClientTest, AnswersAllWhoJoinARunWithItsResult) {
  start(kMail);
  accept();
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    client->run([&](Result<ProbeRow> row) {
      EXPECT_EQ(row->result, "L7EOF");
      ++answers;
    });
  }
  peer.fin();

  ASSERT_TRUE(run_until([&] { return answers == 3; }));
  EXPECT_EQ(client->row().attempts, 1U);
}

TEST_F(ProbeClientTest, RunsOnlyWhenAskedWhilePaused) {
  listener.close();
  start(kMail, [](auto& config) { config.interval = 10ms; });
  result();
  client->pause();
  const auto before = client->row().attempts;
  runner.run_beats(50);
  EXPECT_EQ(client->row().attempts, before);
  EXPECT_EQ(client->row().state, "paused");

  bool done = false;
  client->run([&](Result<ProbeRow>) { done = true; });
  ASSERT_TRUE(run_until([&] { return done; }));
  EXPECT_EQ(client->row().attempts, before + 1);

  client->resume();
  EXPECT_TRUE(run_until([&] { return client->row().attempts > before + 2; }));
}

TEST_F(ProbeClientTest, WaitsForTheEndOfTheConnection) {
  start(R"([{ expect = "^220 " }])");
  accept();
  peer.write("220 welcome\r\n");
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_TRUE(client->probes().empty()) << "the end is waited for";
  ASSERT_TRUE(client->row().probing->running);
  EXPECT_EQ(client->row().probing->running->phase, "close");
  peer.close();

  const auto row = result();

  EXPECT_EQ(row.result, "L7OK");
  EXPECT_EQ(row.address, target);
}

TEST_F(ProbeClientTest, DoesNotWaitForeverForAPeerToClose) {
  start(R"([{ expect = "^220 " }])");
  accept();
  peer.write("220 welcome\r\n");

  const auto row = result();

  EXPECT_EQ(row.result, "L7OK");
  EXPECT_FALSE(row.close);
  EXPECT_LT(row.took, 500ms) << "the result was known before";
}

TEST_F(ProbeClientTest, TellsNoCloseWhereThereWasNone) {
  listener.close();
  start("[]");

  EXPECT_FALSE(result().close);
}

TEST_F(ProbeClientTest, ShowsTheStepInWhichItWaits) {
  start(kMail);
  ASSERT_TRUE(run_until([&] { return client->row().probing->running.has_value(); }));
  accept();
  peer.write("220 welcome\r\n");
  ASSERT_TRUE(run_until([&] { return peer.has("QUIT\r\n"); }));

  const auto running = client->row().probing->running.value();

  EXPECT_EQ(running.phase, "steps");
  EXPECT_EQ(running.step, 3U);
  EXPECT_EQ(running.step_kind, "expect");
  EXPECT_EQ(running.so_far.steps.size(), 2U);
  EXPECT_TRUE(running.so_far.connect);
  EXPECT_EQ(running.so_far.address, target);
}

TEST_F(ProbeClientTest, IsDownOnlyAfterARowOfFailures) {
  start("[]", [](auto& config) { config.fall = 3; });
  EXPECT_EQ(result().result, "L4OK");
  const auto since = client->row().probing->since;
  listener.close();
  const auto fail_once = [&] {
    bool done = false;
    client->run([&](Result<ProbeRow>) { done = true; });
    ASSERT_TRUE(run_until([&] { return done; }));
  };

  fail_once();
  fail_once();
  EXPECT_EQ(client->row().state, "up");
  EXPECT_EQ(client->row().probing->in_row, 2U);
  EXPECT_EQ(client->row().probing->since, since);
  fail_once();

  EXPECT_EQ(client->row().state, "down");
  EXPECT_NE(client->row().probing->since, since);
  EXPECT_THAT(client->row().probing->results, ElementsAre(Pair("L4CON", 3U), Pair("L4OK", 1U)));
}

TEST_F(ProbeClientTest, BeginsLateWhereTheRunBeforeTookSoLong) {
  start(kMail, [](auto& config) { config.interval = 40ms; });
  accept();
  ASSERT_TRUE(run_until([&] { return now() - begun > 100ms; }));
  EXPECT_EQ(client->row().attempts, 1U) << "no run overlaps another";

  peer.rst();
  ASSERT_TRUE(run_until([&] { return client->row().attempts == 2; }));

  EXPECT_EQ(client->row().probing->late, 1U);
  EXPECT_GE(client->row().probing->skipped, 1U);
}

TEST_F(ProbeClientTest, DoesNotLetAnEndingConnectionDelayTheNextRun) {
  start("[]", [](auto& config) { config.interval = 30ms; });

  ASSERT_TRUE(run_until([&] { return client->probes().size() >= 3; })) << "the listener never closes";

  EXPECT_EQ(client->row().probing->late, 0U);
}

TEST_F(ProbeClientTest, RefusesWhatIsForAKeepClient) {
  start("[]");

  EXPECT_EQ(client->reconnect().error().code, Errc::conflict);
  std::optional<Result<SentRow>> sent;
  client->send("x", std::nullopt, [&](Result<SentRow> answer) { sent = std::move(answer); });
  EXPECT_EQ(sent.value().error().code, Errc::conflict);
  EXPECT_EQ(client->received(0).error().code, Errc::conflict);
}

TEST_F(ProbeClientTest, MayGoInTheMidstOfARun) {
  start(kMail);
  accept();
  peer.write("220 wel");
  runner.settle();

  client.reset();

  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));
  peer.close();
  EXPECT_TRUE(run_until([&] { return worker().connections().empty(); }));
}

}  // namespace
}  // namespace tcpctl
