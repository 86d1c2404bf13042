// SPDX-License-Identifier: Apache-2.0
#include "connections/worker.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

using namespace std::chrono_literals;

namespace tcpctl {
namespace {

/// A connection that does in its turn what a test says.
class Turning final : public Connection {
 public:
  Turning(Worker& worker, OwnerPtr owner, Fd fd)
      : Connection{worker, std::move(owner), Direction::inbound, Stage::open, std::move(fd), {}} {}
  void wish_a_turn() { another_turn(); }
  std::function<void()> turn = [] {};

 private:
  void on_ready() override { turn(); }
};

class WorkerTest : public test::ConnectionFixture {
 protected:
  Turning& make() {
    auto pair = test::tcp_pair();
    peers.push_back(std::move(pair.there));
    auto made = std::make_unique<Turning>(worker(), owner, std::move(pair.here));
    Turning& connection = *made;
    worker().adopt(std::move(made));
    return connection;
  }
  std::vector<test::Peer> peers;
};

TEST_F(WorkerTest, GivesIdsThatNameItAndNeverComeAgain) {
  const ConnectionId first = worker().next_id();
  const ConnectionId second = worker().next_id();

  EXPECT_EQ(id_text(first), "1-1");
  EXPECT_EQ(id_text(second), "1-2");
  EXPECT_EQ(worker_of(second), 0U);
}

TEST_F(WorkerTest, TellsTheMomentsOfAllItsConnectionsByOneClock) {
  worker().tick();
  const Instant early = worker().time();
  const Instant late = early + 1500ns;

  const WallTime of_early = worker().wall_at(early);

  EXPECT_EQ(to_wall(late, early, of_early), worker().wall_at(late));
  EXPECT_EQ(worker().wall_at(early), of_early);
  EXPECT_LT(wall_now() - of_early, 1min);
}

TEST_F(WorkerTest, FindsWhatItHoldsAndCountsIt) {
  Turning& connection = make();
  const ConnectionId one = connection.facts().id;
  EXPECT_EQ(worker().find(one), &connection);
  EXPECT_EQ(worker().load().read(), 1U);

  connection.start();
  connection.abort(Reason::admin_kill);

  EXPECT_EQ(worker().find(one), nullptr);
  EXPECT_EQ(worker().load().read(), 0U);
  EXPECT_EQ(worker().opened().read(), 1U);
  runner.settle();
}

TEST_F(WorkerTest, KeepsAConnectionUntilItsLoopIsOutOfItsCallbacks) {
  Turning& connection = make();
  bool lived_on = false;
  connection.turn = [&] {
    connection.abort(Reason::admin_kill);
    lived_on = connection.stage() == Connection::Stage::gone;
  };
  connection.start();

  ASSERT_TRUE(run_until([&] { return worker().connections().empty(); }));
  EXPECT_TRUE(lived_on);
}

TEST_F(WorkerTest, ForgetsTheWishForATurnOfAConnectionThatEndedInTheSameRound) {
  Turning& wishing = make();
  Turning& killing = make();
  bool armed = false;
  wishing.turn = [&] {
    if (armed) wishing.wish_a_turn();
  };
  killing.turn = [&] {
    if (armed) wishing.abort(Reason::admin_kill);
    armed = false;
  };
  wishing.start();
  killing.start();
  runner.settle();

  armed = true;
  wishing.wish_a_turn();
  killing.wish_a_turn();
  runner.settle();

  EXPECT_EQ(worker().connections().size(), 1U);
}

TEST_F(WorkerTest, GivesOneTurnForAnyNumberOfWishes) {
  Turning& connection = make();
  int turns = 0;
  connection.turn = [&] { ++turns; };
  connection.start();
  runner.settle();
  turns = 0;

  for (int i = 0; i < 5; ++i) connection.wish_a_turn();
  runner.settle();

  EXPECT_EQ(turns, 1);
}

TEST_F(WorkerTest, LetsTheLoopTurnBetweenTwoTurnsOfOneConnection) {
  Turning& greedy = make();
  Turning& modest = make();
  int greedy_turns = 0;
  bool modest_had_its_turn = false;
  greedy.turn = [&] {
    if (++greedy_turns < 1000 && !modest_had_its_turn) greedy.wish_a_turn();
  };
  greedy.start();
  runner.turn_once();
  modest.turn = [&] { modest_had_its_turn = true; };
  modest.start();

  ASSERT_TRUE(run_until([&] { return modest_had_its_turn; }));

  EXPECT_LT(greedy_turns, 100);
}

TEST_F(WorkerTest, TakesItsConnectionsAlongWhenItGoes) {
  test::Peer there;
  {
    test::LoopRunner brief;
    auto pair = test::tcp_pair();
    there = std::move(pair.there);
    auto made = std::make_unique<Turning>(brief.worker, owner, std::move(pair.here));
    Turning& connection = *made;
    brief.worker.adopt(std::move(made));
    connection.start();
    brief.settle();
  }

  EXPECT_TRUE(there.is_over());
}

}  // namespace
}  // namespace tcpctl
