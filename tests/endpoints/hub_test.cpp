// SPDX-License-Identifier: Apache-2.0
#include "endpoints/hub.hpp"

#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"
#include "endpoints/hub_fixture.hpp"
#include "tcp/proxy_protocol.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;

class HubTest : public test::HubFixture {
 protected:
  /// A plan that forwards to `upstreams`.
  std::shared_ptr<const ListenerPlan> forwarding(const std::vector<Address>& upstreams) {
    auto forward = std::make_shared<ForwardPlan>();
    forward->relay = std::make_shared<RelayOptions>(RelayOptions{1min, 2, true, {}});
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
      forward->upstreams.push_back({.identity = "u" + std::to_string(i + 1),
                                    .name = std::make_shared<const std::string>("u" + std::to_string(i + 1)),
                                    .address = test::to(upstreams[i]),
                                    .stats = std::make_shared<UpstreamStats>(1)});
    }
    listener->service = "forward";
    auto made = std::make_shared<ListenerPlan>(*plan());
    made->service = nullptr;
    made->forward = forward;
    return made;
  }
  Peer accept(test::PlainListener& from) {
    Peer peer;
    EXPECT_TRUE(run_until([&] {
      if (Fd fd = from.accept()) peer = Peer{std::move(fd)};
      return static_cast<bool>(peer);
    }));
    return peer;
  }
};

TEST_F(HubTest, ForwardsToUpstreamsInTurn) {
  test::PlainListener one;
  test::PlainListener two;
  listen();
  hub.set_listener(forwarding({one.address(), two.address()}), sockets());

  auto first = connect();
  auto first_upstream = accept(one);
  auto second = connect();
  auto second_upstream = accept(two);
  first.write("to one");
  second.write("to two");

  EXPECT_TRUE(run_until([&] { return first_upstream.has("to one") && second_upstream.has("to two"); }));
}

TEST_F(HubTest, ForwardsWhereTheNewPlanSaysAndKeepsRunningSessions) {
  test::PlainListener before;
  test::PlainListener after;
  listen();
  hub.set_listener(forwarding({before.address()}), sockets());
  auto old_session = connect();
  auto old_upstream = accept(before);

  hub.set_listener(forwarding({after.address()}), sockets());
  auto new_session = connect();
  auto new_upstream = accept(after);
  old_session.write("still here");
  new_session.write("new");

  EXPECT_TRUE(run_until([&] { return old_upstream.has("still here") && new_upstream.has("new"); }));
  hub.remove_listener("mine");
  old_upstream.write("answer");
  EXPECT_TRUE(run_until([&] { return old_session.has("answer"); })) << "a session outlives its listener";
}

TEST_F(HubTest, EndsWhatMatchesWithItsOtherLeg) {
  test::PlainListener upstream;
  listen();
  hub.set_listener(forwarding({upstream.address()}), sockets());
  auto peer = connect();
  auto behind = accept(upstream);
  ASSERT_TRUE(run_until([&] { return worker().connections().size() == 2; }));
  runner.settle();

  const auto inbound = [](const Connection& connection) {
    return connection.facts().direction == Direction::inbound;
  };
  EXPECT_EQ(hub.end_connections(inbound, Reason::admin_kill, false), 1U);

  EXPECT_TRUE(run_until([&] { return peer.was_reset() && behind.was_reset(); }));
  for (const auto& entry : worker().history().entries())
    EXPECT_EQ(entry.facts.close.reason, Reason::admin_kill);
  EXPECT_EQ(worker().history().entries().size(), 2U);
}

TEST_F(HubTest, EndsNothingWhereNothingMatches) {
  listen();
  auto peer = connect();
  ASSERT_TRUE(is_served(peer));

  EXPECT_EQ(hub.end_connections([](const Connection&) { return false; }, Reason::admin_kill, false), 0U);

  EXPECT_TRUE(is_served(peer));
}

TEST_F(HubTest, ReplacesAClientAndEndsTheConnectionsOfTheOldOne) {
  test::PlainListener feed, other;
  const auto client_owner = test::make_owner(Owner::Kind::client, "keep");
  const auto plan_to = [&](const test::PlainListener& target) {
    return test::client_plan(test::client_config(config::ClientMode::keep, test::to(target.address())),
                             client_owner);
  };
  hub.set_client(plan_to(feed));
  auto first = accept(feed);

  hub.set_client(plan_to(other));
  auto second = accept(other);

  EXPECT_TRUE(run_until([&] { return first.at_eof(); }));
  EXPECT_FALSE(second.at_eof());
  ASSERT_NE(hub.client("mine"), nullptr);
  hub.remove_client("mine");
  EXPECT_EQ(hub.client("mine"), nullptr);
  EXPECT_TRUE(run_until([&] { return second.at_eof(); }));
}

TEST_F(HubTest, StopsAllClients) {
  test::PlainListener feed;
  hub.set_client(test::client_plan(test::client_config(config::ClientMode::keep, test::to(feed.address())),
                                   test::make_owner(Owner::Kind::client, "keep")));
  auto peer = accept(feed);

  hub.stop_clients();

  EXPECT_EQ(hub.client("mine"), nullptr);
  EXPECT_TRUE(run_until([&] { return peer.at_eof(); }));
}

TEST_F(HubTest, TakesQuestionsAboutListenersThatAreNotThere) {
  hub.pause_listener("none");
  hub.resume_listener("none");
  hub.remove_listener("none");
  hub.remove_client("none");

  EXPECT_EQ(hub.client("none"), nullptr);
  EXPECT_EQ(hub.shortages(), 0U);
}

TEST_F(HubTest, GoesWithSessionsThatStillRun) {
  test::PlainListener upstream;
  test::LoopRunner brief;
  Crew small;
  small.max_connections.set(10);
  {
    Hub other{brief.worker, small};
    small.members.push_back({&brief.loop, &other, &brief.worker.load()});
    auto pair = test::tcp_pair();
    const auto plan = forwarding({upstream.address()});
    other.set_listener(plan, {});
    other.serve({plan, std::move(pair.here), pair.there.local()});
    brief.settle();
  }

  EXPECT_FALSE(brief.worker.connections().empty()) << "the worker holds them";
  EXPECT_TRUE(upstream.accept());
}

TEST_F(HubTest, SessionsThatWaitForAnUpstreamNeverPassTheLimitWhenTheyGoOn) {
  test::PlainListener upstream;
  listen();
  auto made = std::make_shared<ListenerPlan>(*forwarding({upstream.address()}));
  auto one_at_a_time = std::make_shared<ForwardPlan>(*made->forward);
  one_at_a_time->upstreams[0].max_connections = 1;
  one_at_a_time->pool.queue_timeout = 10min;
  made->forward = one_at_a_time;
  hub.set_listener(made, sockets());
  crew.max_connections.set(6);
  std::vector<Peer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(connect());
  ASSERT_TRUE(run_until([&] { return owner->stats->opened() + refused(Refusal::limit) == 5; }));
  EXPECT_EQ(refused(Refusal::limit), 2U);
  EXPECT_EQ(crew.load(), 6U);
  ASSERT_TRUE(run_until([&] { return worker().connections().size() == 4; }));
  EXPECT_EQ(crew.load(), 6U);
  EXPECT_EQ(crew.sockets(), 4U) << "two of the clients have no upstream yet";

  for (int i = 0; i < 3; ++i) {
    auto behind = accept(upstream);
    EXPECT_LE(crew.load(), 6U);
    auto& client = peers[static_cast<std::size_t>(i)];
    client.close();
    ASSERT_TRUE(run_until([&] { return behind.at_eof(); }));
    behind.close();
    const auto left = static_cast<std::uint64_t>(2 - i);
    ASSERT_TRUE(run_until([&] { return crew.load() == 2 * left; }));
  }
  EXPECT_EQ(crew.sockets(), 0U);
}

/// A listener behind a proxy, which the test's own address is.
class HubBehindProxyTest : public HubTest {
 protected:
  std::shared_ptr<const ListenerPlan> behind_proxy(std::shared_ptr<const ListenerPlan> of) const {
    auto made = std::make_shared<ListenerPlan>(*of);
    made->proxies = {parse_network("127.0.0.0/8").value()};
    made->proxy_header = {1min, 4096};
    return made;
  }
  static Address ip(std::string_view text) { return parse_ip_port(text).value(); }
};

TEST_F(HubBehindProxyTest, ServesOnlyWhomAllowNamesByTheHeader) {
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listener->deny = {parse_network("192.0.2.66").value()};
  listen();
  hub.set_listener(behind_proxy(plan()), sockets());
  const auto header_of = [](const std::string& host) {
    return "PROXY TCP4 " + host + " 198.51.100.2 8080 80\r\n";
  };

  auto allowed = connect();
  allowed.write(header_of("192.0.2.1"));
  EXPECT_TRUE(is_served(allowed)) << "though its own address is none of the list";
  for (const std::string host : {"192.0.2.66", "203.0.113.1"}) {
    auto refused_peer = connect();
    refused_peer.write(header_of(host));
    EXPECT_FALSE(is_served(refused_peer)) << host;
    refused_peer.close();
    ASSERT_TRUE(run_until([&] { return worker().history().entries().size() == refused(Refusal::acl); }));
    EXPECT_EQ(last_record().facts.close.reason, Reason::local_limit);
    EXPECT_EQ(last_record().facts.close.phase, Phase::proxy_header);
    EXPECT_EQ(last_record().facts.close.detail.get(), "refused: acl");
  }
  EXPECT_EQ(refused(Refusal::acl), 2U);
}

TEST_F(HubBehindProxyTest, KeepsRoomForTheUpstreamOfWhoHasSentNoHeaderYet) {
  test::PlainListener upstream;
  listen();
  hub.set_listener(behind_proxy(forwarding({upstream.address()})), sockets());
  crew.max_connections.set(3);
  auto first = connect();
  ASSERT_TRUE(run_until([&] { return crew.sockets() == 1; }));

  auto second = connect();
  ASSERT_TRUE(run_until([&] { return second.is_over(); }));
  first.write("PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n");
  auto behind = accept(upstream);
  runner.settle();

  EXPECT_EQ(refused(Refusal::limit), 1U);
  EXPECT_EQ(crew.load(), 2U);
  EXPECT_EQ(crew.sockets(), 2U);
}

TEST_F(HubBehindProxyTest, GivesThatRoomBackWhereNoGoodHeaderComes) {
  test::PlainListener upstream;
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listen();
  hub.set_listener(behind_proxy(forwarding({upstream.address()})), sockets());

  for (const std::string said : {"", "nonsense\r\n", "PROXY TCP4 203.0.113.1 198.51.100.2 8080 80\r\n"}) {
    auto client = connect();
    ASSERT_TRUE(run_until([&] { return worker().held().read() == 1; }));
    client.write(said);
    if (said.empty()) client.fin();

    EXPECT_TRUE(run_until([&] { return worker().held().read() == 0; })) << said;
    client.close();
    EXPECT_TRUE(run_until([&] { return crew.load() == 0; })) << said;
  }
}

TEST_F(HubBehindProxyTest, LetsTheProxysOwnConnectionsIn) {
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listen();
  hub.set_listener(behind_proxy(plan()), sockets());

  auto check = connect();
  check.write(tcp::proxy_header_local());
  EXPECT_TRUE(is_served(check));

  auto unknown = connect();
  unknown.write("PROXY UNKNOWN\r\n");
  EXPECT_FALSE(is_served(unknown)) << "somebody behind it whom it cannot name";
}

TEST_F(HubBehindProxyTest, JudgesTheProxyItselfWhereItsHeaderNamesNothingButPaths) {
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listen();
  hub.set_listener(behind_proxy(plan()), sockets());

  auto hidden = connect();
  hidden.write(tcp::proxy_header_v2(Address::unix_path("/a"), Address::unix_path("/b"), ""));

  EXPECT_FALSE(is_served(hidden));
  EXPECT_EQ(refused(Refusal::acl), 1U);
}

TEST_F(HubBehindProxyTest, AFloodOfRefusalsIsBoundedInTheHistoryAndCountedInFull) {
  listener->allow = {parse_network("192.0.2.0/24").value()};
  listen();
  hub.set_listener(behind_proxy(plan()), sockets());

  constexpr std::uint64_t kMany = 200;
  for (std::uint64_t i = 1; i <= kMany; ++i) {
    auto stranger = connect();
    stranger.write("PROXY TCP4 203.0.113.1 198.51.100.2 8080 80\r\n");
    stranger.fin();
    ASSERT_TRUE(run_until([&] { return refused(Refusal::acl) == i && worker().connections().empty(); }));
  }

  EXPECT_GE(worker().history().entries().size(), 50U);
  EXPECT_LT(worker().history().entries().size(), kMany);
  EXPECT_EQ(owner->stats->active(), 0U);
}

TEST_F(HubBehindProxyTest, TakesTheBytesOfOthersAsTheyAre) {
  listen();
  auto made = std::make_shared<ListenerPlan>(*behind_proxy(plan()));
  made->proxies = {parse_network("10.0.0.0/8").value()};
  hub.set_listener(made, sockets());

  auto other = connect();
  other.write("PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n");

  EXPECT_TRUE(run_until([&] { return other.has("PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n"); }));
}

TEST_F(HubBehindProxyTest, PassesOnWhomTheHeaderNamedUnderItsOwnId) {
  test::PlainListener upstream;
  listen();
  auto forward = std::make_shared<ListenerPlan>(*behind_proxy(forwarding({upstream.address()})));
  auto relay = std::make_shared<RelayOptions>(*forward->forward->relay);
  relay->send_proxy = SendProxy::v2;
  auto target = std::make_shared<ForwardPlan>(*forward->forward);
  target->relay = relay;
  forward->forward = target;
  hub.set_listener(forward, sockets());

  auto peer = connect();
  peer.write(tcp::proxy_header_v2(ip("192.0.2.1:8080"), ip("198.51.100.2:80"), "7-7") + "data");
  auto behind = accept(upstream);
  const auto id = worker().connections().begin()->id;
  const auto expected =
      tcp::proxy_header_v2(ip("192.0.2.1:8080"), ip("198.51.100.2:80"), id_text(id)) + "data";

  EXPECT_TRUE(run_until([&] { return behind.has(expected); }));
  EXPECT_EQ(worker().find(id)->facts().proxied->id, "7-7");
  EXPECT_EQ(worker().find(id)->facts().bytes_in, 4U);
}

TEST_F(HubBehindProxyTest, TellsTheUpstreamBeforeAClientThatWaitsForItsGreeting) {
  test::PlainListener upstream;
  listen();
  auto forward = std::make_shared<ListenerPlan>(*forwarding({upstream.address()}));
  auto relay = std::make_shared<RelayOptions>(*forward->forward->relay);
  relay->send_proxy = SendProxy::v1;
  auto target = std::make_shared<ForwardPlan>(*forward->forward);
  target->relay = relay;
  forward->forward = target;
  hub.set_listener(forward, sockets());

  auto peer = connect();
  auto behind = accept(upstream);

  const auto expected = tcp::proxy_header_v1(peer.local(), address());
  EXPECT_TRUE(run_until([&] { return behind.has(expected); }));
  behind.write("220 ready");
  EXPECT_TRUE(run_until([&] { return peer.has("220 ready"); }));
}

TEST_F(HubTest, ASourceThatIsKnownLaterTakesItsPlaceAtTheAcceptor) {
  listener->max_connections_per_source = 1;
  listen();
  const Address source = parse_ip_port("192.0.2.7:1").value();
  std::vector<std::optional<SourcePlace>> answers;
  const auto ask = [&] {
    hub.ask_for_place(*plan(), source, [&](auto place) { answers.push_back(std::move(place)); });
  };

  ask();
  ask();

  ASSERT_TRUE(run_until([&] { return answers.size() == 2; }));
  EXPECT_TRUE(answers[0]);
  EXPECT_FALSE(answers[1]);
  answers.clear();
  ask();
  ASSERT_TRUE(run_until([&] { return answers.size() == 1; }));
  EXPECT_TRUE(answers[0]) << "the place was given back";
}

TEST_F(HubBehindProxyTest, AConnectionOfAnotherWorkerTakesItsPlaceAtTheAcceptor) {
  Worker second{1, runner.loop, 100};
  Hub second_hub{second, crew};
  crew.members.push_back({&runner.loop, &second_hub, &second.load()});
  owner->stats = std::make_shared<PartyStats>(2);
  listener->max_connections_per_source = 1;
  const auto behind = behind_proxy(plan());
  const bool first_accepts = crew.acceptor_of("mine") == 0;
  (first_accepts ? hub : second_hub).set_listener(behind, {});
  const auto serve = [&] {
    auto pair = test::tcp_pair();
    pair.there.write("PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n");
    (first_accepts ? second_hub : hub).serve({behind, std::move(pair.here), pair.there.local()});
    return std::move(pair.there);
  };

  auto one = serve();
  EXPECT_TRUE(is_served(one));
  auto two = serve();
  EXPECT_FALSE(is_served(two));
  EXPECT_EQ(refused(Refusal::source_limit), 1U);
  one.fin();
  ASSERT_TRUE(run_until([&] { return one.is_over(); }));
  auto three = serve();

  EXPECT_TRUE(is_served(three)) << "the place was given back to the worker that gave it";
}

}  // namespace
}  // namespace tcpctl
