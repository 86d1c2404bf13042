// SPDX-License-Identifier: Apache-2.0
#include "endpoints/acceptor.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "endpoints/hub_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;

/// No further descriptor can be had while it stands, but for those that are closed meanwhile.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const Fd next{::dup(0)};
    const rlimit now{static_cast<rlim_t>(next.get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class AcceptorTest : public test::HubFixture {
 protected:
  /// Connects before accepting begins again, so that all of them wait in the kernel's queue.
  std::vector<Peer> queued(std::size_t count) {
    std::vector<Peer> peers;
    for (std::size_t i = 0; i < count; ++i) peers.push_back(connect());
    return peers;
  }
};

TEST_F(AcceptorTest, AcceptsAndCounts) {
  listen();
  auto one = connect();
  auto two = connect();

  EXPECT_TRUE(is_served(one));
  EXPECT_TRUE(is_served(two));
  EXPECT_EQ(owner->stats->opened(), 2U);
  EXPECT_EQ(owner->stats->active(), 2U);
  EXPECT_EQ(worker().load().read(), 2U);
}

TEST_F(AcceptorTest, TurnsAwayWhoComesBeyondTheLimit) {
  listener->max_connections = 2;
  listen();
  auto peers = queued(3);

  ASSERT_TRUE(run_until([&] { return peers[2].is_over(); }));
  EXPECT_TRUE(is_served(peers[0]));
  EXPECT_TRUE(is_served(peers[1]));
  EXPECT_EQ(refused(Refusal::limit), 1U);
  EXPECT_EQ(owner->stats->opened(), 2U);
  EXPECT_EQ(owner->stats->peak(), 2U);
}

TEST_F(AcceptorTest, RefusesASourceThatHasItsShareUntilOneOfItsConnectionsEnds) {
  listener->max_connections_per_source = 1;
  listen();
  auto one = connect();
  ASSERT_TRUE(is_served(one));
  auto two = connect();
  ASSERT_TRUE(run_until([&] { return two.is_over(); }));
  EXPECT_EQ(refused(Refusal::source_limit), 1U);
  EXPECT_EQ(last_record().facts.close.detail.get(), "refused: source_limit");
  one.fin();
  ASSERT_TRUE(run_until([&] { return owner->stats->active() == 0; }));

  auto three = connect();
  EXPECT_TRUE(is_served(three));
}

TEST_F(AcceptorTest, RefusesWhoComesFasterThanTheRate) {
  listener->accept_rate = 1.0 / 3600;
  listen();
  auto peers = queued(3);

  EXPECT_TRUE(is_served(peers[0]));
  ASSERT_TRUE(run_until([&] { return peers[1].is_over() && peers[2].is_over(); }));
  EXPECT_EQ(refused(Refusal::rate), 2U);
}

TEST_F(AcceptorTest, LeavesInTheQueueWhoComesFasterThanARateThatWaits) {
  listener->accept_rate = 10;
  listener->on_limit = "wait";
  listen();
  auto peers = queued(12);

  for (auto& peer : peers) EXPECT_TRUE(is_served(peer));
  EXPECT_EQ(refused(Refusal::rate), 0U);
}

TEST_F(AcceptorTest, AtItsLimitWhoOnlyWaitsForThePeersFinGivesWay) {
  listener->max_connections = 2;
  listen();
  auto peers = queued(2);
  for (auto& peer : peers) ASSERT_TRUE(is_served(peer));
  worker().find(make_id(0, 1))->finish(Reason::local_done);
  ASSERT_TRUE(run_until([&] { return peers[0].at_eof(); }));
  runner.settle();
  ASSERT_EQ(owner->stats->active(), 2U) << "as long as nobody else comes, it waits";

  auto newcomer = connect();

  EXPECT_TRUE(is_served(newcomer));
  EXPECT_TRUE(is_served(peers[1]));
  EXPECT_EQ(refused(Refusal::limit), 0U);
  EXPECT_EQ(last_record().facts.close.detail.get(), "gave way to others");
  EXPECT_EQ(last_record().facts.close.reason, Reason::local_done);
  auto one_too_many = connect();
  EXPECT_TRUE(run_until([&] { return one_too_many.is_over(); }));
  EXPECT_EQ(refused(Refusal::limit), 1U);
}

TEST_F(AcceptorTest, AtItsLimitNobodyGivesWayToWhoIsNotLetInAnyway) {
  listener->max_connections = 1;
  listener->deny = {parse_network("127.0.0.0/8").value()};
  listen();
  auto pair = test::tcp_pair();
  hub.serve({plan(), std::move(pair.here), pair.there.local()});
  owner->stats->add_opened();
  ASSERT_TRUE(is_served(pair.there));
  worker().find(make_id(0, 1))->finish(Reason::local_done);
  ASSERT_TRUE(run_until([&] { return pair.there.at_eof(); }));

  auto denied = connect();

  EXPECT_TRUE(run_until([&] { return denied.is_over(); }));
  EXPECT_EQ(refused(Refusal::acl), 1U);
  EXPECT_EQ(owner->stats->active(), 1U);
}

TEST_F(AcceptorTest, AtItsLimitAsManyGiveWayAsCome) {
  listener->max_connections = 3;
  listen();
  auto peers = queued(3);
  for (auto& peer : peers) ASSERT_TRUE(is_served(peer));
  worker().for_each([](Connection& connection) { connection.finish(Reason::local_done); });
  ASSERT_TRUE(run_until([&] { return std::ranges::count_if(peers, &Peer::at_eof) == 3; }));

  auto newcomer = connect();

  EXPECT_TRUE(is_served(newcomer));
  EXPECT_EQ(owner->stats->active(), 3U);
}

TEST_F(AcceptorTest, AtItsLimitNobodyIsRefusedBeforeThoseOfAnotherWorkerGaveWay) {
  Worker second{1, runner.loop, 100};
  Hub second_hub{second, crew};
  crew.members.push_back({&runner.loop, &second_hub, &second.load()});
  owner->stats = std::make_shared<PartyStats>(2);
  listener->max_connections = 4;
  listen();
  auto peers = queued(4);
  for (auto& peer : peers) ASSERT_TRUE(is_served(peer));
  ASSERT_EQ(second.load().read(), 2U);
  second.for_each([](Connection& connection) { connection.finish(Reason::local_done); });
  ASSERT_TRUE(run_until([&] { return std::ranges::count_if(peers, &Peer::at_eof) == 2; }));

  auto newcomers = queued(3);

  ASSERT_TRUE(run_until([&] { return refused(Refusal::limit) > 0; }));
  EXPECT_TRUE(is_served(newcomers[0]));
  EXPECT_TRUE(is_served(newcomers[1]));
  EXPECT_TRUE(run_until([&] { return newcomers[2].is_over(); }));
  EXPECT_EQ(refused(Refusal::limit), 1U);
}

TEST_F(AcceptorTest, AtItsLimitWhoHasYetToBeToldAllGivesWayToNobody) {
  listener->max_connections = 1;
  listen();
  auto slow = connect();
  ASSERT_TRUE(is_served(slow));
  const std::string much = test::pattern(8UL << 20);
  std::size_t still = 0;
  ASSERT_TRUE(run_until([&] { return (still = slow.write(much) > 0 ? 0 : still + 1) > 50; }));
  worker().find(make_id(0, 1))->finish(Reason::local_done);
  runner.settle();

  auto newcomer = connect();

  EXPECT_TRUE(run_until([&] { return newcomer.is_over(); }));
  EXPECT_EQ(refused(Refusal::limit), 1U);
}

TEST_F(AcceptorTest, LetsOthersInOnceThereIsRoomAgain) {
  listener->max_connections = 1;
  listen();
  auto one = connect();
  ASSERT_TRUE(is_served(one));
  one.fin();
  ASSERT_TRUE(run_until([&] { return owner->stats->active() == 0; }));

  auto two = connect();
  EXPECT_TRUE(is_served(two));
}

TEST_F(AcceptorTest, LeavesInTheQueueWhoComesBeyondALimitThatWaits) {
  listener->max_connections = 1;
  listener->on_limit = "wait";
  listen();
  auto peers = queued(2);
  ASSERT_TRUE(is_served(peers[0]));
  peers[1].write("hello");
  runner.run_beats(30);
  EXPECT_FALSE(peers[1].is_over());
  EXPECT_EQ(peers[1].received, "");
  EXPECT_EQ(owner->stats->opened(), 1U);

  peers[0].fin();

  EXPECT_TRUE(run_until([&] { return peers[1].has("hello"); }));
  EXPECT_EQ(refused(Refusal::limit), 0U);
}

TEST_F(AcceptorTest, HoldsToTheLimitOfTheWholeDaemon) {
  crew.max_connections.set(1);
  listen();
  auto peers = queued(2);

  ASSERT_TRUE(run_until([&] { return peers[1].is_over(); }));
  EXPECT_TRUE(is_served(peers[0]));
  EXPECT_EQ(refused(Refusal::limit), 1U);
}

TEST_F(AcceptorTest, TakesOnlyTheNetworksThatAreAllowed) {
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listen();
  auto stranger = connect();

  ASSERT_TRUE(run_until([&] { return stranger.is_over(); }));
  EXPECT_EQ(refused(Refusal::acl), 1U);
  EXPECT_EQ(owner->stats->opened(), 0U);
}

TEST_F(AcceptorTest, LetsADenialWinOverAPermission) {
  listener->allow = {parse_network("127.0.0.0/8").value()};
  listener->deny = {parse_network("127.0.0.1").value()};
  listen();
  auto stranger = connect();

  ASSERT_TRUE(run_until([&] { return stranger.is_over(); }));
  EXPECT_EQ(refused(Refusal::acl), 1U);
}

TEST_F(AcceptorTest, LeavesInTheQueueWhoComesDuringAPause) {
  listen();
  auto before = connect();
  ASSERT_TRUE(is_served(before));
  hub.pause_listener("mine");
  auto waiting = connect();
  waiting.write("hello");
  runner.run_beats(20);
  EXPECT_EQ(waiting.received, "");
  EXPECT_FALSE(waiting.is_over());
  EXPECT_TRUE(is_served(before)) << "those that are in stay";

  hub.resume_listener("mine");

  EXPECT_TRUE(run_until([&] { return waiting.has("hello"); }));
}

TEST_F(AcceptorTest, StaysPausedOverANewConfiguration) {
  listen();
  hub.pause_listener("mine");
  hub.set_listener(plan(), sockets());
  auto waiting = connect();
  runner.run_beats(20);

  EXPECT_EQ(owner->stats->opened(), 0U);
}

TEST_F(AcceptorTest, ResetsNobodyWhoWasInTheQueueWhenItIsRemoved) {
  listen();
  hub.pause_listener("mine");
  auto peers = queued(20);
  const Address gone = address();

  hub.remove_listener("mine");
  bindings.clear();

  for (auto& peer : peers) EXPECT_TRUE(is_served(peer)) << peer.error;
  EXPECT_THROW(test::connect_plain(gone), std::runtime_error);
}

TEST_F(AcceptorTest, ResetsNobodyWhoWaitedForRoomWhenItIsRemoved) {
  listener->max_connections = 1;
  listener->on_limit = "wait";
  listen();
  auto peers = queued(5);
  ASSERT_TRUE(is_served(peers[0]));

  hub.remove_listener("mine");
  bindings.clear();

  for (auto& peer : peers) EXPECT_TRUE(is_served(peer)) << peer.error;
}

TEST_F(AcceptorTest, ResetsNobodyWhoWasInTheQueueOfAnAddressThatGoes) {
  listener->listen.push_back(parse_listen_address("127.0.0.1:0").value());
  listen();
  hub.pause_listener("mine");
  auto peers = queued(5);

  hub.set_listener(plan(), {sockets().at(1)});
  bindings.erase(bindings.begin());

  for (auto& peer : peers) EXPECT_TRUE(is_served(peer)) << peer.error;
  hub.resume_listener("mine");
  auto other = connect();
  EXPECT_TRUE(is_served(other)) << "the address that stays";
}

TEST_F(AcceptorTest, GivesNewConnectionsTheNewPlanAndKeepsTheOldOnesTheirs) {
  listen();
  auto before = connect();
  ASSERT_TRUE(is_served(before));

  listener->max_connections = 1;
  hub.set_listener(plan(), sockets());
  auto after = connect();

  ASSERT_TRUE(run_until([&] { return after.is_over(); }));
  EXPECT_TRUE(is_served(before));
}

TEST_F(AcceptorTest, WaitsOutAShortageOfFilesWithoutSpinning) {
  listen();
  Peer waiting{Fd{::socket(AF_INET, SOCK_STREAM, 0)}};
  {
    const NoMoreFiles shortage;
    sockaddr_storage storage{};
    const socklen_t length = address().to(storage);
    (void)::connect(waiting.fd(), reinterpret_cast<sockaddr*>(&storage), length);
    ASSERT_TRUE(run_until([&] { return hub.shortages() == 1; }));
    EXPECT_LE(runner.run_beats(20), 30U);
    EXPECT_FALSE(waiting.is_over());
  }

  EXPECT_TRUE(is_served(waiting));
  EXPECT_EQ(refused(Refusal::files), 0U);
}

TEST_F(AcceptorTest, TurnsTheWaitingAwayWhereAShortageLasts) {
  listen();
  Peer waiting{Fd{::socket(AF_INET, SOCK_STREAM, 0)}};
  const NoMoreFiles shortage;
  sockaddr_storage storage{};
  const socklen_t length = address().to(storage);
  (void)::connect(waiting.fd(), reinterpret_cast<sockaddr*>(&storage), length);

  ASSERT_TRUE(run_until([&] { return waiting.is_over(); }));

  EXPECT_EQ(refused(Refusal::files), 1U);
  EXPECT_GT(hub.shortages(), 5U);
}

TEST_F(AcceptorTest, TurnsAllAwayBehindADoorThatClosesWithoutFiles) {
  listen();
  hub.pause_listener("mine");
  auto peers = queued(100);
  const NoMoreFiles shortage;

  hub.remove_listener("mine");
  bindings.clear();

  for (auto& peer : peers) {
    EXPECT_TRUE(run_until([&] { return peer.is_over(); }));
    EXPECT_EQ(peer.error, 0) << "nobody is reset";
  }
  EXPECT_EQ(refused(Refusal::files), 100U);
}

TEST_F(AcceptorTest, HandsConnectionsToTheWorkerWithTheLeastToDo) {
  Worker second{1, runner.loop, 100};
  Hub second_hub{second, crew};
  crew.members.push_back({&runner.loop, &second_hub, &second.load()});
  owner->stats = std::make_shared<PartyStats>(2);
  listen();
  auto peers = queued(6);
  for (auto& peer : peers) ASSERT_TRUE(is_served(peer));

  EXPECT_EQ(worker().load().read(), 3U);
  EXPECT_EQ(second.load().read(), 3U);
}

}  // namespace
}  // namespace tcpctl
