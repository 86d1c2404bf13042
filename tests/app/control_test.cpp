// SPDX-License-Identifier: Apache-2.0
// The supervisor and its workers on threads of their own, asked and steered as the API does it.
#include "app/control.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "support/tcp_peer.hpp"

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::Peer;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    ::unsetenv("STATE_DIRECTORY");
    state = "[daemon]\nstate = '" + folder.string() + "'\n";
    write("");
    supervisor.set_hooks({[](const config::Config&) -> Result<void> { return {}; }, [this] { main.stop(); }});
  }
  ~ControlTest() override {
    if (runner.joinable()) {
      for (int i = 0; i < 2; ++i) main.post([this] { supervisor.stop(); });
      runner.join();
    }
    crew.stop();
    fs::remove_all(folder);
  }
  ControlTest(const ControlTest&) = delete;
  ControlTest& operator=(const ControlTest&) = delete;

  void write(const std::string& toml) { std::ofstream{folder / "tcpctld.toml"} << state << toml; }
  void start(const std::string& toml) {
    write(toml);
    auto design = load(sources, stats);
    ASSERT_TRUE(design) << design.error().front().text();
    crew.start();
    ASSERT_TRUE(supervisor.start(std::move(*design), false));
    runner = std::thread{[this] { main.run(); }};
  }
  Peer connect(const std::string& listener) {
    const auto row = control.listener(listener, true).value();
    return Peer{test::connect_plain(parse_ip_port(row.addresses.at(0).bound).value())};
  }
  /// Waits for what an answer comes to say; each question goes through the loops, so this does not spin idly.
  template <class Condition>
  static bool comes_true(Condition condition) {
    for (int i = 0; i < 100'000; ++i) {
      if (condition()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool is_served(Peer& peer) {
    const std::string expected = peer.received + "hello";
    peer.write("hello");
    pollfd ready{peer.fd(), POLLIN, 0};
    while (!peer.is_over() && !peer.has(expected)) ::poll(&ready, 1, -1);
    return peer.received == expected;
  }
  std::uint64_t active(const std::string& listener) { return control.listener(listener, true)->active; }

  static fs::path new_folder() {
    std::string name = (fs::temp_directory_path() / "tcpctl-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  const fs::path folder{new_folder()};
  const Sources sources{folder / "tcpctld.toml", folder};
  std::string state;
  Loop main{"main"};
  StatsBook stats{2};
  CrewThreads crew{2, 1000, 100};
  Supervisor supervisor{main, crew, stats, sources, Limits{1024, 1000}};
  Control control{main, crew, supervisor};
  std::thread runner;
};

const std::string kEcho = "[listeners.a]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n";
const std::string kEchoB = "[listeners.b]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n";

TEST_F(ControlTest, TellsOfListenersAndTheirConnections) {
  start(kEcho);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));

  const auto listener = control.listener("a", true).value();
  EXPECT_EQ(listener.state, "up");
  EXPECT_EQ(listener.active, 1U);
  EXPECT_EQ(listener.bytes_in, 5U);
  const auto page = control.connections({}).value();
  ASSERT_THAT(page.items, SizeIs(1));
  EXPECT_EQ(page.items[0].listener, "a");
  EXPECT_EQ(control.connection(page.items[0].id)->bytes_out, 5U);
  const auto status = control.status().value();
  EXPECT_EQ(status.connections_active, 1U);
  EXPECT_EQ(status.listeners, 1U);
  EXPECT_EQ(status.workers, 2U);
  const auto metrics = control.metrics().value();
  EXPECT_THAT(status.connections_by_state, Contains(Pair("ESTABLISHED", 1U)));
  EXPECT_THAT(status.capabilities, Contains(Pair("sock_diag", "on")));
  EXPECT_THAT(status.capabilities, Contains(Pair("final_tcp_info", "on")));
  EXPECT_THAT(metrics.status.connections_by_state, Contains(Pair("ESTABLISHED", 1U)));
}

TEST_F(ControlTest, SaysThatThereIsNoSuchThing) {
  start(kEcho);

  EXPECT_EQ(control.listener("x", true).error().code, Errc::not_found);
  EXPECT_EQ(control.upstreams("x").error().code, Errc::not_found);
  EXPECT_EQ(control.client("x", true).error().code, Errc::not_found);
  EXPECT_EQ(control.pause_listener("x").error().code, Errc::not_found);
  EXPECT_EQ(control.send("x", "data", std::nullopt).error().code, Errc::not_found);
  EXPECT_EQ(control.run("x").error().code, Errc::not_found);
  for (const ConnectionId id :
       {make_id(0, 99), make_id(1, 1), make_id(500, 1), ConnectionId{0}, ConnectionId{1}}) {
    EXPECT_EQ(control.connection(id).error().code, Errc::not_found);
    EXPECT_EQ(control.kill(id, ControlPlane::Kill::reset).error().code, Errc::not_found);
  }
}

TEST_F(ControlTest, KillsOneConnectionAndLeavesTheOthers) {
  start(kEcho);
  auto doomed = connect("a");
  ASSERT_TRUE(is_served(doomed));
  const ConnectionId id = control.connections({})->items.at(0).id;
  auto spared = connect("a");
  ASSERT_TRUE(is_served(spared));

  ASSERT_TRUE(control.kill(id, ControlPlane::Kill::reset));

  ASSERT_TRUE(comes_true([&] { return doomed.was_reset(); }));
  EXPECT_TRUE(is_served(spared));
  const auto record = control.connection(id).value();
  ASSERT_TRUE(record.close);
  EXPECT_EQ(record.close->reason, Reason::admin_kill);
  EXPECT_THAT(control.history({})->items, SizeIs(1));
}

TEST_F(ControlTest, KillsAllThatMatch) {
  start(kEcho + kEchoB);
  std::vector<Peer> of_a(3);
  for (auto& peer : of_a) {
    peer = connect("a");
    ASSERT_TRUE(is_served(peer));
  }
  auto of_b = connect("b");
  ASSERT_TRUE(is_served(of_b));
  ConnectionQuery query;
  query.listener = "a";

  EXPECT_EQ(control.kill_matching(query, ControlPlane::Kill::graceful).value(), 3U);

  for (auto& peer : of_a) EXPECT_TRUE(comes_true([&] { return peer.at_eof(); }));
  EXPECT_TRUE(is_served(of_b));
}

TEST_F(ControlTest, PausesAndResumesAListener) {
  start(kEcho);
  ASSERT_TRUE(control.pause_listener("a"));
  EXPECT_EQ(control.listener("a", true)->state, "paused");
  EXPECT_EQ(control.listener("a", true)->addresses.at(0).state, "paused");
  auto waiting = connect("a");
  waiting.write("hello");

  ASSERT_TRUE(control.resume_listener("a"));

  EXPECT_EQ(control.listener("a", true)->state, "up");
  EXPECT_TRUE(comes_true([&] { return waiting.has("hello"); }));
}

TEST_F(ControlTest, DrainsAListener) {
  state = "[daemon]\nstate = '" + folder.string() + "'\ndrain_timeout = '50ms'\n";
  start(kEcho);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));

  ASSERT_TRUE(control.drain_listener("a", std::nullopt));
  EXPECT_EQ(control.listener("a", true)->state, "draining");
  pollfd ready{peer.fd(), POLLIN, 0};
  ::poll(&ready, 1, -1);
  EXPECT_TRUE(peer.at_eof());
  peer.close();

  EXPECT_TRUE(comes_true([&] { return control.listener("a", true)->state == "drained"; }));
  EXPECT_EQ(control.history({})->items.at(0).close->reason, Reason::drain);
}

TEST_F(ControlTest, ReloadsByDifferenceAndKeepsWhatDidNotChange) {
  start(kEcho + kEchoB);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));
  const std::string bound = control.listener("a", true)->addresses.at(0).bound;
  write(kEcho + "[listeners.c]\nlisten = '127.0.0.1:0'\nservice = 'discard'\n");

  const auto row = control.reload(false).value();

  EXPECT_TRUE(row.ok);
  EXPECT_THAT(row.added, ElementsAre("listeners.c"));
  EXPECT_THAT(row.removed, ElementsAre("listeners.b"));
  EXPECT_THAT(row.kept, Contains("listeners.a"));
  EXPECT_EQ(control.listener("a", true)->addresses.at(0).bound, bound);
  EXPECT_TRUE(is_served(peer));
  EXPECT_EQ(control.listener("b", true).error().code, Errc::not_found);
  EXPECT_EQ(control.listener("c", true)->state, "up");
}

TEST_F(ControlTest, KeepsTheSocketOfAListenerThatChanges) {
  start(kEcho);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));
  const std::string bound = control.listener("a", true)->addresses.at(0).bound;
  write(kEcho + "max_connections = 1\n");

  ASSERT_TRUE(control.reload(false)->ok);

  EXPECT_EQ(control.listener("a", true)->addresses.at(0).bound, bound);
  EXPECT_EQ(control.listener("a", true)->limit, 1U);
  EXPECT_TRUE(is_served(peer));
  auto beyond = connect("a");
  EXPECT_TRUE(comes_true([&] { return beyond.is_over(); }));
  EXPECT_EQ(control.listener("a", true)->accepted, 1U) << "counters go on";
}

TEST_F(ControlTest, KeepsEverythingForAnotherSpellingOfTheSame) {
  const std::string client = "[clients.c]\nconnect = '127.0.0.1:1'\nmode = 'keep'\n";
  start(kEcho + "idle_timeout = '60s'\n" + client + "connect_timeout = '60s'\n");
  ASSERT_TRUE(comes_true([&] { return !control.client("c", true)->failures.empty(); }));
  ASSERT_EQ(control.client("c", true)->attempts, 1U);
  write(kEcho + "idle_timeout = '1m'\n" + client + "connect_timeout = '1m'\n");

  const auto row = control.reload(false).value();

  EXPECT_THAT(row.kept, UnorderedElementsAre("listeners.a", "clients.c"));
  EXPECT_THAT(control.listener("a", true)->config, HasSubstr("1m"));
  EXPECT_EQ(control.client("c", true)->attempts, 1U) << "one made anew would try at once";
}

TEST_F(ControlTest, ChangesNothingForATextWithMistakes) {
  start(kEcho);
  write(kEcho + "no_such_key = 1\n");

  const auto row = control.reload(false).value();

  EXPECT_FALSE(row.ok);
  ASSERT_THAT(row.errors, SizeIs(1));
  EXPECT_THAT(row.errors[0], HasSubstr("no_such_key"));
  EXPECT_EQ(control.listener("a", true)->state, "up");
  EXPECT_FALSE(control.status()->last_reload->ok);
}

TEST_F(ControlTest, ShowsAListenerThatCannotBeBoundAsFailed) {
  const test::PlainListener other;
  start("[listeners.x]\nlisten = '" + other.address().text() + "'\nservice = 'echo'\n" + kEcho);

  const auto failed = control.listener("x", true).value();

  EXPECT_EQ(failed.state, "failed");
  EXPECT_THAT(failed.error, HasSubstr(errno_text(EADDRINUSE)));
  EXPECT_EQ(failed.addresses.at(0).state, "failed");
  EXPECT_EQ(control.listener("a", true)->state, "up");
  EXPECT_EQ(control.status()->listeners_failed, 1U);
}

TEST_F(ControlTest, SteersAClient) {
  test::PlainListener listener;
  start("[clients.feed]\nconnect = '" + listener.address().text() + "'\nmode = 'keep'\n");
  ASSERT_TRUE(comes_true([&] { return control.client("feed", true)->state == "up"; }));
  Peer peer{listener.accept()};

  EXPECT_EQ(control.send("feed", "hello", std::nullopt).value().sent, 5U);
  EXPECT_TRUE(comes_true([&] { return peer.has("hello"); }));
  peer.write("news");
  EXPECT_TRUE(comes_true([&] { return control.received("feed", 0)->data == "news"; }));
  ASSERT_TRUE(control.pause_client("feed"));
  EXPECT_EQ(control.client("feed", true)->state, "paused");
  EXPECT_TRUE(comes_true([&] { return peer.at_eof(); }));
  EXPECT_EQ(control.run("feed").error().code, Errc::conflict);
  EXPECT_EQ(control.clients()->size(), 1U);
}

TEST_F(ControlTest, RunsAProbeAndAnswersItsResult) {
  const Address closed = test::closed_port();
  start("[clients.check]\nconnect = '" + closed.text() + "'\nmode = 'probe'\ninterval = '1h'\n");

  const auto row = control.run("check");

  ASSERT_TRUE(row) << row.error().what;
  EXPECT_EQ(row->result, "L4CON");
  EXPECT_FALSE(control.probes("check")->empty());
}

TEST_F(ControlTest, ChecksAConfigurationWithoutTakingIt) {
  start(kEcho);

  const auto right =
      control.check_config(R"({"listeners": {"n": {"listen": ["127.0.0.1:0"], "service": "echo"}}})");
  const auto wrong =
      control.check_config(R"({"listeners": {"n": {"listen": ["127.0.0.1"], "service": "echo"}}})");
  const auto broken = control.check_config("{");

  EXPECT_TRUE(right->empty());
  ASSERT_THAT(*wrong, SizeIs(1));
  EXPECT_THAT(wrong->at(0).pointer, HasSubstr("/listeners/n/listen"));
  EXPECT_THAT(*broken, SizeIs(1));
  EXPECT_EQ(control.listener("n", true).error().code, Errc::not_found);
}

TEST_F(ControlTest, TellsOfUpstreamsWhatTheyCounted) {
  start("[listeners.web]\nlisten = '127.0.0.1:0'\nservice = 'forward'\nforward = { upstreams = ['" +
        test::closed_port().text() + "'], retries = 1 }\n");
  auto peer = connect("web");
  ASSERT_TRUE(comes_true([&] { return peer.is_over(); }));

  const auto rows = control.upstreams("web").value();

  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(rows[0].failures, ElementsAre(Pair("connect_refused", 2U)));
  EXPECT_EQ(rows[0].active, 0U);
}

TEST_F(ControlTest, StopsOnceItsConnectionsHaveEnded) {
  start(kEcho);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));

  main.post([this] { supervisor.stop(); });
  EXPECT_TRUE(is_served(peer)) << "it may finish";
  peer.close();
  runner.join();

  EXPECT_EQ(crew.crew().load(), 0U);
}

TEST_F(ControlTest, TellsOfChangesAndOfTooManyThatWereRefusedOnlySome) {
  start(kEcho);
  Change change;
  change.who = "token:ci";
  change.what = "pause_listener";
  change.party = "a";
  control.note_change(change);
  change.outcome = Change::Outcome::refused;
  for (int i = 0; i < 1000; ++i) control.note_change(change);
  change.outcome = Change::Outcome::failed;
  control.note_change(change);

  const EventSpan span = control.events(0).value();
  std::vector<Change::Outcome> told;
  EventCursor cursor{span};
  while (const auto step = cursor.next()) {
    ASSERT_NE(step->event, nullptr);
    if (step->event->kind != EventKind::change) continue;
    EXPECT_EQ(step->batch->text(step->event->party), "a");
    EXPECT_EQ(step->batch->change->who, "token:ci");
    told.push_back(step->batch->change->outcome);
  }
  ASSERT_THAT(told, SizeIs(2 + RefusedBound::kMost));
  EXPECT_EQ(told.front(), Change::Outcome::done);
  EXPECT_EQ(told.back(), Change::Outcome::failed);
}

TEST_F(ControlTest, GivesUpOnAWorkerThatDoesNotAnswer) {
  start(kEcho);
  Control impatient{main, crew, supervisor, 1ms};
  std::promise<void> released;
  crew.post(1, [until = released.get_future().share()](Hub&) { until.wait(); });

  EXPECT_EQ(impatient.status().error().code, Errc::timed_out);
  EXPECT_EQ(impatient.connections({}).error().what, "worker 2 did not answer in time");

  released.set_value();
  EXPECT_TRUE(control.status());
}

ControlPlane::ObjectChange new_listener(const std::string& name) {
  return {.object = {ObjectKind::listener, name},
          .verb = ControlPlane::ObjectChange::Verb::put,
          .body = R"({"listen": ["127.0.0.1:0"], "service": "echo"})"};
}

TEST_F(ControlTest, WhatItGaveUpIsNotDoneAfterwards) {
  start(kEcho);
  Control impatient{main, crew, supervisor, 1ms};
  std::promise<void> released;
  main.post([until = released.get_future().share()] { until.wait(); });

  EXPECT_EQ(impatient.change(new_listener("b")).error().code, Errc::timed_out);
  EXPECT_EQ(impatient.pause_listener("a").error().code, Errc::timed_out);
  EXPECT_EQ(impatient.save(false).error().code, Errc::timed_out);

  released.set_value();
  EXPECT_EQ(control.listener("b", true).error().code, Errc::not_found);
  EXPECT_EQ(control.listener("a", true)->state, "up");
}

TEST_F(ControlTest, AClientThatIsJustRemovedIsNotToldWithoutItsName) {
  start("");
  std::atomic<bool> is_over{false};
  std::thread changing{[&] {
    for (int i = 0; i < 300; ++i) {
      ControlPlane::ObjectChange change{
          .object = {ObjectKind::client, "c"},
          .verb = ControlPlane::ObjectChange::Verb::put,
          .body = R"({"connect": "127.0.0.1:1", "mode": "probe", "interval": "1h",
                                                    "steps": [{"expect": "x"}]})"};
      EXPECT_TRUE(control.change(change));
      change.verb = ControlPlane::ObjectChange::Verb::remove;
      EXPECT_TRUE(control.change(change));
    }
    is_over = true;
  }};

  while (!is_over) {
    const auto row = control.client("c", true);
    if (row) {
      EXPECT_EQ(row->name, "c");
    } else {
      EXPECT_EQ(row.error().code, Errc::not_found);
    }
  }

  changing.join();
}

TEST_F(ControlTest, ListenersDrainWithTheDaemonAndHaveNotFailed) {
  start(kEcho);
  auto peer = connect("a");
  ASSERT_TRUE(is_served(peer));

  main.post([this] { supervisor.stop(); });

  const auto row = control.listener("a", true).value();
  EXPECT_EQ(row.state, "draining");
  EXPECT_EQ(control.status()->listeners_failed, 0U);
  EXPECT_EQ(control.resume_listener("a").error().code, Errc::unavailable);
}

TEST_F(ControlTest, ADrainHasPartInThoseWhoWereOnTheWayWhenTheListenerWasRemoved) {
  start(kEcho);
  ASSERT_TRUE(control.pause_listener("a"));
  std::vector<Peer> queued;
  for (int i = 0; i < 4; ++i) queued.push_back(connect("a"));
  const std::size_t other = 1 - crew.crew().acceptor_of("a");
  std::promise<void> released;
  crew.post(other, [until = released.get_future().share()](Hub&) { until.wait(); });

  ASSERT_TRUE(control.change({.object = {ObjectKind::listener, "a"},
                              .verb = ControlPlane::ObjectChange::Verb::remove,
                              .drain = 0s}));
  released.set_value();

  for (auto& peer : queued) {
    ASSERT_TRUE(comes_true([&] { return control.connections({}) && peer.at_eof(); }));
    peer.close();
  }
  EXPECT_TRUE(comes_true([&] { return control.history({})->items.size() == queued.size(); }));
  const auto gone = control.history({});
  for (const auto& row : gone->items) EXPECT_EQ(row.close->reason, Reason::drain);
}

TEST_F(ControlTest, AnswersNobodyOnceWaitsAreCancelled) {
  control.cancel_waits();  // and no loop runs

  const auto row = control.status();

  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, Errc::unavailable);
}

TEST_F(ControlTest, TakesQuestionsFromManyThreadsWhileConnectionsComeAndGo) {
  start(kEcho);
  const Address address = parse_ip_port(control.listener("a", true)->addresses.at(0).bound).value();
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([this] {
      for (int n = 0; n < 50; ++n) {
        EXPECT_TRUE(control.status());
        EXPECT_TRUE(control.metrics());
        EXPECT_TRUE(control.connections({}));
        EXPECT_TRUE(control.history({}));
      }
    });
  }
  for (int n = 0; n < 200; ++n) {
    Peer peer{test::connect_plain(address)};
    peer.write("x");
    if (n % 2 == 0) peer.rst();
  }
  for (auto& asker : askers) asker.join();

  EXPECT_TRUE(comes_true([&] { return active("a") == 0 && control.listener("a", true)->accepted == 200; }));
}

}  // namespace
}  // namespace tcpctl
