// SPDX-License-Identifier: Apache-2.0
#include "endpoints/hub.hpp"

#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"
#include "endpoints/hub_fixture.hpp"

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
      forward->upstreams.push_back({std::make_shared<const std::string>("u" + std::to_string(i + 1)),
                                    test::to(upstreams[i]), std::make_shared<UpstreamStats>(1)});
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
  test::PlainListener feed;
  const auto client_owner = test::make_owner(Owner::Kind::client, "keep");
  const auto plan = test::client_plan(test::client_config("keep", test::to(feed.address())), client_owner);
  hub.set_client(plan);
  auto first = accept(feed);

  hub.set_client(plan);
  auto second = accept(feed);

  EXPECT_TRUE(run_until([&] { return first.at_eof(); }));
  EXPECT_FALSE(second.at_eof());
  ASSERT_NE(hub.client("mine"), nullptr);
  hub.remove_client("mine");
  EXPECT_EQ(hub.client("mine"), nullptr);
  EXPECT_TRUE(run_until([&] { return second.at_eof(); }));
}

TEST_F(HubTest, StopsAllClients) {
  test::PlainListener feed;
  hub.set_client(test::client_plan(test::client_config("keep", test::to(feed.address())),
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
    other.serve({forwarding({upstream.address()}), std::move(pair.here), pair.there.local()});
    brief.settle();
  }

  EXPECT_FALSE(brief.worker.connections().empty()) << "the worker holds them";
  EXPECT_TRUE(upstream.accept());
}

}  // namespace
}  // namespace tcpctl
