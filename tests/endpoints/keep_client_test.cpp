// SPDX-License-Identifier: Apache-2.0
#include "endpoints/keep_client.hpp"

#include <list>

#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class KeepClientTest : public testing::Test {
 protected:
  void start(const std::function<void(config::Client&)>& change = [](config::Client&) {}) {
    auto config = test::client_config("keep", test::to(target));
    change(config);
    worker().tick();
    client = make_client(worker(), resolver, test::client_plan(config, owner), record);
  }
  Worker& worker() { return runner.worker; }
  bool run_until(const std::function<bool()>& condition) { return runner.run_until(condition); }
  /// Accepts what comes and answers whether `count` connections have come by now.
  bool has_come(std::size_t count) {
    while (Fd fd = listener.accept()) peers.emplace_back(std::move(fd));
    return peers.size() >= count;
  }
  bool is_up(std::size_t count = 1) {
    return run_until([&] { return has_come(peers.size()) && client->row().up == count; });
  }
  [[nodiscard]] ClientRow row() const { return client->row(); }

  test::LoopRunner runner;
  ClientRecord record;
  Resolver resolver{runner.loop};
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::client, "keep");
  test::PlainListener listener;
  Address target = listener.address();
  std::list<Peer> peers;
  std::unique_ptr<Client> client;  // last: it goes first
};

TEST_F(KeepClientTest, KeepsAsManyConnectionsUpAsItIsToldTo) {
  start([](auto& config) { config.connections = 3; });
  ASSERT_TRUE(is_up(3));
  ASSERT_TRUE(run_until([&] { return has_come(3); }));

  EXPECT_EQ(row().state, "up");
  EXPECT_EQ(row().wanted, 3U);
  EXPECT_EQ(row().up, 3U);
  EXPECT_EQ(row().attempts, 3U);
  EXPECT_THAT(row().resolved, ElementsAre(target.text()));
  EXPECT_EQ(row().error, "");
  EXPECT_FALSE(row().next_attempt_in);
  EXPECT_EQ(owner->stats->active(), 3U);
}

TEST_F(KeepClientTest, ComesBackAfterALoss) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().rst();

  ASSERT_TRUE(run_until([&] { return has_come(2) && row().up == 1; }));

  EXPECT_EQ(row().attempts, 2U);
  EXPECT_THAT(row().failures, ElementsAre(Pair("peer_rst", 1U)));
  EXPECT_THAT(row().outcomes, ElementsAre(Pair("connected", 2U))) << "a loss is no failed attempt";
  EXPECT_THAT(row().last_failure, HasSubstr("peer_rst"));
  EXPECT_EQ(row().error, "") << "it is up now";
}

TEST_F(KeepClientTest, ComesBackAfterThePeersFin) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().fin();

  ASSERT_TRUE(run_until([&] { return has_come(2); }));
  EXPECT_THAT(row().failures, ElementsAre(Pair("peer_fin", 1U)));
}

TEST_F(KeepClientTest, WaitsLongerWithEachFailureUpToItsMaximum) {
  listener.close();
  start([](auto& config) {
    config.backoff_initial = 10ms;
    config.backoff_factor = 2;
    config.backoff_max = 40ms;
  });
  ASSERT_TRUE(run_until([&] { return worker().history().entries().size() == 6; }));

  const auto& entries = worker().history().entries();
  const auto wait_before = [&](std::size_t i) {
    return entries[i].facts.opened - entries[i - 1].facts.close.at;
  };
  EXPECT_GE(wait_before(1), 10ms);
  EXPECT_GE(wait_before(2), 20ms);
  EXPECT_GE(wait_before(3), 40ms);
  EXPECT_GE(wait_before(4), 40ms);
  EXPECT_EQ(row().failures.at("connect_refused"), 6U);
  EXPECT_THAT(row().outcomes, ElementsAre(Pair("connect_refused", 6U)));
  EXPECT_EQ(row().state, "backing_off");
  EXPECT_THAT(row().error, HasSubstr("connect_refused"));
  ASSERT_TRUE(row().next_attempt_in);
  EXPECT_LE(*row().next_attempt_in, 40ms);
}

TEST_F(KeepClientTest, GivesEachAttemptItsWholeTimeHoweverLongTheWaitBefore) {
  const test::DeadEnd dead;
  target = dead.address();
  start([](auto& config) {
    config.connect_timeout = 30ms;
    config.backoff_initial = 60ms;
    config.backoff_max = 60ms;
  });

  ASSERT_TRUE(run_until([&] { return worker().history().entries().size() == 3; }));

  const auto& entries = worker().history().entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].facts.close.reason, Reason::connect_timeout);
    EXPECT_GE(entries[i].facts.close.at - entries[i].facts.opened, 30ms);
    if (i > 0) {
      EXPECT_GE(entries[i].facts.opened - entries[i - 1].facts.close.at, 60ms);
    }
  }
}

TEST_F(KeepClientTest, KeepsWhatItReceives) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().write("news");

  ASSERT_TRUE(run_until([&] { return client->received(0)->data == "news"; }));
  EXPECT_EQ(client->received(2)->data, "ws");
  EXPECT_EQ(owner->stats->sum(&PartyShare::bytes_in), 4U);
}

TEST_F(KeepClientTest, SendsWhatItIsGiven) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));

  EXPECT_EQ(client->send("hello").value(), 5U);

  EXPECT_TRUE(run_until([&] { return peers.front().has("hello"); }));
}

TEST_F(KeepClientTest, RefusesToSendWhereNothingIsUp) {
  listener.close();
  start();

  const auto sent = client->send("hello");

  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::conflict);
  EXPECT_EQ(sent.error().what, "client 'mine' has no connection that is up");
}

TEST_F(KeepClientTest, RefusesToSendMoreThanAPeerThatDoesNotReadMayOwe) {
  start();
  ASSERT_TRUE(is_up());
  const std::string piece(512UL << 10, 'x');
  Result<std::uint64_t> sent{0};
  for (int i = 0; i < 200 && sent; ++i) sent = client->send(piece);

  ASSERT_FALSE(sent) << "it queued 100 MiB";
  EXPECT_EQ(sent.error().code, Errc::limit_reached);
}

TEST_F(KeepClientTest, EndsItsConnectionsWhenPausedAndComesBackWhenResumed) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));

  client->pause();
  ASSERT_TRUE(run_until([&] { return peers.front().at_eof(); }));
  peers.front().close();
  EXPECT_EQ(row().state, "paused");
  EXPECT_EQ(row().up, 0U);
  runner.run_beats(40);
  EXPECT_EQ(row().attempts, 1U);

  client->resume();
  client->resume();
  EXPECT_TRUE(run_until([&] { return has_come(2) && row().up == 1; }));
  EXPECT_EQ(row().attempts, 2U);
}

TEST_F(KeepClientTest, StopsWaitingWhenPaused) {
  listener.close();
  start();
  ASSERT_TRUE(run_until([&] { return row().backing_off == 1; }));
  client->pause();
  const auto attempts = row().attempts;
  runner.run_beats(60);

  EXPECT_EQ(row().attempts, attempts);
  EXPECT_FALSE(row().next_attempt_in);
}

TEST_F(KeepClientTest, ReconnectsAtOnceWhereAsked) {
  start([](auto& config) { config.backoff_initial = config.backoff_max = 1h; });
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));

  worker().tick();
  ASSERT_TRUE(client->reconnect());

  ASSERT_TRUE(run_until([&] { return has_come(2) && peers.front().at_eof() && row().up == 1; }));
  peers.front().close();
  ASSERT_TRUE(run_until([&] { return !worker().history().entries().empty(); }));
  EXPECT_EQ(worker().history().entries().front().facts.close.reason, Reason::admin_kill);
  client->pause();
  EXPECT_EQ(client->reconnect().error().code, Errc::conflict);
}

TEST_F(KeepClientTest, RunsNoProbes) {
  start();
  std::optional<Result<ProbeRow>> answer;
  client->run([&](Result<ProbeRow> row) { answer = std::move(row); });

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, Errc::conflict);
  EXPECT_TRUE(client->probes().empty());
}

TEST_F(KeepClientTest, EndsInOrderWhenItGoes) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));

  client.reset();

  ASSERT_TRUE(run_until([&] { return peers.front().at_eof(); }));
  EXPECT_EQ(peers.front().error, 0);
  peers.front().write("too late");
  peers.front().close();
  ASSERT_TRUE(run_until([&] { return worker().connections().empty(); }));
  EXPECT_EQ(worker().history().entries().back().facts.close.reason, Reason::local_done);
}

TEST_F(KeepClientTest, MayGoWhileItConnectsOrWaits) {
  const test::DeadEnd dead;
  target = dead.address();
  start();
  EXPECT_EQ(row().state, "connecting");
  client.reset();
  EXPECT_TRUE(worker().connections().empty());

  target = test::closed_port();
  start();
  ASSERT_TRUE(run_until([&] { return row().backing_off == 1; }));
  client.reset();
  runner.run_beats(30);

  EXPECT_TRUE(worker().connections().empty());
}

TEST_F(KeepClientTest, CountsOnlyItsOwnFailuresOverAnotherReconnect) {
  start([](auto& config) { config.connections = 2; });
  ASSERT_TRUE(is_up(2));
  for (int i = 0; i < 5; ++i) {
    worker().tick();
    ASSERT_TRUE(client->reconnect());
  }

  ASSERT_TRUE(is_up(2));
  EXPECT_THAT(row().failures, ElementsAre());
  EXPECT_EQ(row().attempts, 12U);
}

TEST_F(KeepClientTest, RemembersItsCountersAndItsPauseWhenItsConfigurationChanges) {
  start();
  ASSERT_TRUE(is_up());
  client->pause();

  client.reset();
  start([](config::Client& config) { config.connections = 2; });

  EXPECT_EQ(row().state, "paused");
  EXPECT_EQ(row().attempts, 1U);
}

}  // namespace
}  // namespace tcpctl
