// SPDX-License-Identifier: Apache-2.0
#include "endpoints/keep_client.hpp"

#include <algorithm>
#include <list>

#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"
#include "support/heap.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class KeepClientTest : public testing::Test {
 protected:
  std::shared_ptr<const ClientPlan> plan(const std::function<void(config::Client&)>& change) {
    auto config = test::client_config(config::ClientMode::keep, test::to(target));
    change(config);
    return test::client_plan(config, owner, "[]", login);
  }
  void start(const std::function<void(config::Client&)>& change = [](config::Client&) {}) {
    worker().tick();
    client = make_client(worker(), resolver, pacer, plan(change), record);
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
  Result<SentRow> send(const std::string& data) {
    std::optional<Result<SentRow>> answer;
    client->send(data, std::nullopt, [&](Result<SentRow> sent) { answer = std::move(sent); });
    return answer.value();
  }
  [[nodiscard]] ClientRow row() const { return client->row(); }

  test::LoopRunner runner;
  ClientRecord record;
  Resolver resolver{runner.loop};
  ConnectPacer pacer{runner.worker};
  std::string login{"[]"};
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

TEST_F(KeepClientTest, KeepsItsConnectionAndItsBytesWhereItsConfigurationChanges) {
  start();
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().write("news");
  ASSERT_TRUE(run_until([&] { return client->received(0)->next == 4; }));

  ASSERT_TRUE(client->take_plan(plan([](auto& config) {
    config.stable_after = 1h;
    config.receive_buffer = Bytes{2048};
    config.greeting = "hello";
  })));

  peers.front().write(" and more");
  ASSERT_TRUE(run_until([&] { return client->received(0)->data == "news and more"; }));
  EXPECT_EQ(row().attempts, 1U);
  peers.front().rst();
  ASSERT_TRUE(run_until([&] { return has_come(2); }));
  EXPECT_TRUE(run_until([&] { return peers.back().has("hello"); })) << "for connections that begin later";
}

TEST_F(KeepClientTest, HasMoreOrFewerConnectionsAtOnce) {
  start();
  ASSERT_TRUE(is_up());

  ASSERT_TRUE(client->take_plan(plan([](auto& config) { config.connections = 3; })));
  ASSERT_TRUE(is_up(3));
  ASSERT_TRUE(run_until([&] { return has_come(3); }));
  EXPECT_EQ(row().attempts, 3U) << "the first one stands";
  ASSERT_TRUE(client->take_plan(plan([](auto& config) { config.connections = 1; })));

  EXPECT_EQ(row().wanted, 1U);
  EXPECT_EQ(row().up, 1U);
  EXPECT_TRUE(run_until([&] { return std::ranges::count_if(peers, &Peer::at_eof) == 2; }));
  EXPECT_FALSE(peers.front().at_eof());
}

TEST_F(KeepClientTest, TakesLittleMemoryForALiteralAddress) {
  constexpr std::size_t kClients = 200;
  std::list<ClientRecord> records(kClients);
  std::vector<std::unique_ptr<Client>> clients;
  clients.reserve(kClients);
  const auto shared = plan([](config::Client&) {});
  const auto before = test::heap_in_use();
  for (auto& one : records) {
    one.paused = true;
    clients.push_back(make_client(worker(), resolver, pacer, shared, one));
  }

  EXPECT_LT(test::heap_in_use() - before, kClients * 600 * test::kRoundingPercent / 100);
}

TEST_F(KeepClientTest, IsMadeAnewForAnotherAddress) {
  start();

  EXPECT_FALSE(client->take_plan(plan([](auto& config) { config.connect.address = Address{}; })));
}

TEST_F(KeepClientTest, IsDegradedWhileSomeOfItsConnectionsAreDown) {
  start([](auto& config) {
    config.connections = 2;
    config.backoff_initial = config.backoff_max = 1h;
  });
  ASSERT_TRUE(is_up(2));
  ASSERT_TRUE(run_until([&] { return has_come(2); }));
  listener.close();
  peers.front().rst();

  EXPECT_TRUE(run_until([&] { return row().up == 1; }));
  EXPECT_EQ(row().state, "degraded");
  EXPECT_FALSE(client->is_up());
}

TEST_F(KeepClientTest, SendsOnAnotherConnectionWhereOnePeerDoesNotRead) {
  start([](auto& config) { config.connections = 2; });
  ASSERT_TRUE(is_up(2));
  ASSERT_TRUE(run_until([&] { return has_come(2); }));

  int taken = 0;
  while (taken < 64 && send(std::string(512 * 1024, 'x'))) ++taken;

  ASSERT_LT(taken, 64);
  for (auto& peer : peers) {
    peer.read();
    EXPECT_FALSE(peer.received.empty());
  }
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

  EXPECT_EQ(send("hello").value().sent, 5U);

  EXPECT_TRUE(run_until([&] { return peers.front().has("hello"); }));
}

TEST_F(KeepClientTest, RefusesToSendWhereNothingIsUp) {
  listener.close();
  start();

  const auto sent = send("hello");

  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::conflict);
  EXPECT_EQ(sent.error().what, "client 'mine' has no connection that is up");
}

TEST_F(KeepClientTest, RefusesToSendMoreThanAPeerThatDoesNotReadMayOwe) {
  start();
  ASSERT_TRUE(is_up());
  const std::string piece(512UL << 10, 'x');
  Result<SentRow> sent{SentRow{}};
  for (int i = 0; i < 200 && sent; ++i) sent = send(piece);

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

TEST_F(KeepClientTest, IsUpOnlyOnceItsLoginIsDone) {
  login = R"([{ expect = "^hello" }, { send = "user\n" }, { expect = "^ok" }])";
  start([](auto& config) { config.greeting = "HI\n"; });
  ASSERT_TRUE(run_until([&] { return has_come(1) && peers.front().has("HI\n"); }));
  peers.front().write("hello there\n");
  ASSERT_TRUE(run_until([&] { return peers.front().has("HI\nuser\n"); }));
  EXPECT_EQ(row().up, 0U);
  EXPECT_EQ(client->slots()->front().state, "logging_in");

  peers.front().write("ok\nnews");

  ASSERT_TRUE(run_until([&] { return row().state == "up"; }));
  EXPECT_EQ(client->received(0)->data, "news") << "what comes behind the login is received data";
  peers.front().write(" of today");
  EXPECT_TRUE(run_until([&] { return client->received(0)->data == "news of today"; }));
}

TEST_F(KeepClientTest, CountsALoginThatFailsAsAFailedAttempt) {
  login = R"([{ expect = "^hello$" }])";
  start([](auto& config) { config.backoff_initial = config.backoff_max = 1h; });
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().write("go away\n");
  peers.front().fin();

  ASSERT_TRUE(run_until([&] { return row().backing_off == 1; }));

  EXPECT_THAT(row().outcomes, ElementsAre(Pair("script_mismatch", 1U)));
  EXPECT_EQ(row().last_failure, "script_mismatch: login: L7EOF at step 1: go away\\n");
  EXPECT_FALSE(row().recent.at(0));
  const auto slot = client->slots()->front();
  EXPECT_EQ(slot.history.at(0).outcome, "script_mismatch");
  EXPECT_EQ(slot.history.at(0).address, target.text());
  EXPECT_EQ(slot.failures, 1U);
  EXPECT_TRUE(slot.next_attempt_in);
}

TEST_F(KeepClientTest, SurvivesAResetInTheMiddleOfItsLogin) {
  login = R"([{ expect = "^hello" }])";
  start();
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(run_until([&] { return has_come(i) && client->slots()->front().state == "logging_in"; }));
    peers.back().rst();
    ASSERT_TRUE(run_until([&] { return row().outcomes["script_mismatch"] == i; }));
  }

  EXPECT_THAT(row().last_failure, HasSubstr("Connection reset by peer"));
}

TEST_F(KeepClientTest, GivesALoginNoMoreThanItsTime) {
  login = R"([{ expect = "^hello" }])";
  start([](auto& config) { config.login_timeout = 20ms; });
  ASSERT_TRUE(run_until([&] { return row().outcomes.contains("script_mismatch"); }));

  EXPECT_THAT(row().last_failure, HasSubstr("L7TOUT"));
}

TEST_F(KeepClientTest, EndsAConnectionWhoseHeartbeatNobodyAnswers) {
  start([](auto& config) { config.heartbeat = {"PING\n", "^PONG", 20ms, 20ms}; });
  ASSERT_TRUE(run_until([&] { return has_come(2); }));

  EXPECT_THAT(row().failures, ElementsAre(Pair("dead_peer", 1U)));
  EXPECT_EQ(row().heartbeat->missed, 1U);
  EXPECT_EQ(worker().history().entries().front().facts.close.how, How::rst);
}

TEST_F(KeepClientTest, StaysUpWhileItsHeartbeatIsAnswered) {
  start([](auto& config) { config.heartbeat = {"PING\n", "^PONG", 20ms, 5min}; });
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  std::string wanted;
  for (int i = 0; i < 4; ++i) {
    wanted += "PING\n";
    ASSERT_TRUE(run_until([&] { return peers.front().has(wanted); }));
    peers.front().write("PONG\n");
  }
  ASSERT_TRUE(run_until([&] { return row().heartbeat->answered == 4; }));

  EXPECT_EQ(row().attempts, 1U);
  EXPECT_EQ(row().heartbeat->took.total(), 4U);
  EXPECT_EQ(client->received(0)->data.substr(0, 10), "PONG\nPONG\n");
}

TEST_F(KeepClientTest, LetsThePeerWaitUntilSomebodyTakes) {
  start([](auto& config) {
    config.receive_buffer = Bytes{1024};
    config.on_full = config::OnFull::wait;
  });
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  const std::string sent(3000, 'x');
  peers.front().write(sent);
  ASSERT_TRUE(run_until([&] { return client->received(0)->next == 1024; }));
  runner.run_beats(20);
  EXPECT_EQ(client->received(1024)->next, 1024U) << "reading changes nothing";

  std::string all;
  ASSERT_TRUE(run_until([&] {
    const auto row = client->received(all.size()).value();
    EXPECT_EQ(row.lost, 0U);
    EXPECT_EQ(row.taken, all.size());
    all += row.data;
    EXPECT_EQ(client->take(all.size())->taken, all.size());
    return all.size() == sent.size();
  }));
  EXPECT_EQ(client->take(all.size())->untaken, 0U);
  EXPECT_EQ(client->take(all.size() + 1).error().what,
            "client 'mine' has received 3000 bytes, not 3001; was it made anew meanwhile?");
  EXPECT_EQ(row().overwritten, 0U);
}

TEST_F(KeepClientTest, CountsWhatIsOverwrittenWhoeverReads) {
  start([](auto& config) { config.receive_buffer = Bytes{1024}; });
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().write(std::string(1024, 'x'));
  ASSERT_TRUE(run_until([&] { return client->received(1024)->next == 1024; }));

  peers.front().write(std::string(100, 'y'));

  ASSERT_TRUE(run_until([&] { return client->received(0)->next == 1124; }));
  EXPECT_EQ(row().overwritten, 100U);
  EXPECT_EQ(client->take(1124)->taken, std::nullopt) << "nobody has to take anything";
}

TEST_F(KeepClientTest, MissesNoHeartbeatThatItCouldNotHear) {
  login = R"([{ expect = "^hello" }])";
  start([](auto& config) {
    config.receive_buffer = Bytes{1024};
    config.on_full = config::OnFull::wait;
    config.heartbeat = {"PING\n", "^PONG", 10ms, 10ms};
  });
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  peers.front().write("hello\n" + std::string(3000, 'x'));
  ASSERT_TRUE(run_until([&] { return client->received(0)->next == 1024; }));
  runner.run_beats(60);

  EXPECT_EQ(row().heartbeat->missed, 0U);
  EXPECT_EQ(row().attempts, 1U);
}

TEST_F(KeepClientTest, AnswersWhenThePeersTcpHasAll) {
  start();
  ASSERT_TRUE(is_up());
  std::optional<Result<SentRow>> answer;
  client->send("hello", 1min, [&](Result<SentRow> sent) { answer = std::move(sent); });
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));

  EXPECT_EQ(answer->value().sent, 5U);
  EXPECT_EQ(answer->value().kernel, 5U);
  EXPECT_EQ(answer->value().acked, true);
  EXPECT_TRUE(answer->value().acked_after);
}

TEST_F(KeepClientTest, SaysThatAConnectionEndedBeforeItsPeerHadAll) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return has_come(1); }));
  std::optional<Result<SentRow>> answer;
  const std::string piece(1UL << 20, 'x');
  client->send(piece, 5min, [&](Result<SentRow> sent) { answer = std::move(sent); });
  EXPECT_FALSE(answer) << "the peer reads nothing";

  peers.front().rst();

  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
  EXPECT_LE(answer->value().kernel, piece.size());
  EXPECT_EQ(answer->value().acked, false);
  EXPECT_EQ(answer->value().ended, "peer_rst");
}

TEST_F(KeepClientTest, GivesUpToWaitForAnAcknowledgement) {
  start();
  ASSERT_TRUE(is_up());
  std::optional<Result<SentRow>> answer;
  client->send(std::string(1UL << 20, 'x'), 30ms, [&](Result<SentRow> sent) { answer = std::move(sent); });
  ASSERT_TRUE(run_until([&] { return answer.has_value(); }));

  EXPECT_EQ(answer->value().acked, false);
  EXPECT_EQ(answer->value().ended, "");
}

TEST_F(KeepClientTest, TellsItsConnectionsOneByOne) {
  start([](auto& config) { config.connections = 120; });
  ASSERT_TRUE(is_up(120));

  const auto slots = client->slots().value();

  ASSERT_EQ(slots.size(), Client::kMostSlots);
  EXPECT_EQ(slots.front().n, 1U);
  EXPECT_EQ(slots.back().state, "up");
  ASSERT_TRUE(slots.back().connection);
  EXPECT_NE(worker().find(*slots.back().connection), nullptr);
  ASSERT_EQ(slots.back().history.size(), 1U);
  EXPECT_EQ(slots.back().history.front().outcome, "connected");
  EXPECT_FALSE(slots.back().history.front().stood);
}

TEST_F(KeepClientTest, RemembersItsLastAttempts) {
  start();
  for (std::size_t i = 1; i <= 12; ++i) {
    ASSERT_TRUE(run_until([&] { return has_come(i) && row().up == 1; }));
    peers.back().rst();
  }
  ASSERT_TRUE(run_until([&] { return has_come(13) && row().up == 1; }));

  const auto history = client->slots()->front().history;

  ASSERT_EQ(history.size(), 8U);
  EXPECT_EQ(history.front().ended, "");
  EXPECT_EQ(history.at(1).ended, "peer_rst");
  EXPECT_TRUE(history.at(1).stood);
  EXPECT_GE(history.front().at, history.back().at);
  EXPECT_EQ(row().recent.size(), 13U);
  EXPECT_EQ(row().connect_time.total(), 13U);
}

TEST_F(KeepClientTest, KeepsItsPausesGrowingWhileNothingIsASuccess) {
  start([](auto& config) {
    config.backoff_initial = 1ms;
    config.backoff_max = 1h;
    config.backoff_factor = 10;
  });
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(run_until([&] { return has_come(i) && row().up == 1; }));
    EXPECT_EQ(client->slots()->front().failures, i - 1);
    peers.back().rst();
    ASSERT_TRUE(run_until([&] { return row().up == 0; }));
  }
  ASSERT_TRUE(run_until([&] { return has_come(4) && row().up == 1; }));
  peers.back().write("x");
  ASSERT_TRUE(run_until([&] { return client->slots()->front().failures == 0; })) << "that is one";
}

TEST_F(KeepClientTest, TakesAConnectionThatStoodLongEnoughForASuccess) {
  start([](auto& config) {
    config.backoff_initial = 1ms;
    config.backoff_max = 1h;
    config.stable_after = 40ms;
  });
  ASSERT_TRUE(run_until([&] { return has_come(1) && row().up == 1; }));
  peers.back().rst();
  ASSERT_TRUE(run_until([&] { return has_come(2) && row().up == 1; }));

  EXPECT_TRUE(run_until([&] { return client->slots()->front().failures == 0; }));
}

TEST_F(KeepClientTest, SpreadsItsAttempts) {
  pacer.set_rate(100);
  start([](auto& config) { config.connections = 20; });
  EXPECT_LE(row().attempts, 2U);
  EXPECT_EQ(client->slots()->back().state, "waiting");
  ASSERT_TRUE(is_up(20));

  const auto slots = client->slots().value();
  EXPECT_GE(slots.back().since - slots.front().since, 150ms);
}

TEST_F(KeepClientTest, TellsForHowMuchOfTheTimeItWasUp) {
  start();
  ASSERT_TRUE(is_up());
  ASSERT_TRUE(run_until([&] { return row().up_last_day.value_or(0) > 0.01; }));
  client->pause();
  const auto share = row().up_last_hour;
  runner.run_beats(20);

  EXPECT_EQ(row().up_last_hour, share) << "a pause counts as neither";
}

}  // namespace
}  // namespace tcpctl
