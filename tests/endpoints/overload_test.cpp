// SPDX-License-Identifier: Apache-2.0
#include "endpoints/overload.hpp"

#include <gmock/gmock.h>

#include "endpoints/hub_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;

TEST(Overload, IdleTimeoutsShrinkInAStraightLineFromNinetyPercentOn) {
  EXPECT_DOUBLE_EQ(Crew::idle_timeout_factor(0), 1);
  EXPECT_DOUBLE_EQ(Crew::idle_timeout_factor(0.9), 1);
  EXPECT_NEAR(Crew::idle_timeout_factor(0.95), 0.55, 1e-9);
  EXPECT_NEAR(Crew::idle_timeout_factor(1), 0.1, 1e-9);
  EXPECT_NEAR(Crew::idle_timeout_factor(1.5), 0.1, 1e-9);
}

class OverloadTest : public test::HubFixture {
 protected:
  OverloadTest() { crew.max_connections.set(10); }
  std::vector<Peer> served(std::size_t count) {
    std::vector<Peer> peers;
    for (std::size_t i = 0; i < count; ++i) {
      peers.push_back(connect());
      EXPECT_TRUE(is_served(peers.back()));
    }
    return peers;
  }
};

constexpr std::string_view kShortened = "shorter while the daemon is nearly full";

TEST_F(OverloadTest, AFullDaemonEndsWhoIsIdleSoonerThanConfigured) {
  owner->idle_timeout = 3s;
  listen();

  auto peers = served(10);

  ASSERT_TRUE(run_until([&] { return peers[0].is_over() && !worker().history().entries().empty(); }));
  EXPECT_EQ(last_record().facts.close.reason, Reason::idle_timeout);
  EXPECT_EQ(last_record().facts.close.detail.get(), kShortened);
}

TEST_F(OverloadTest, ABurstThatFillsTheDaemonInOneTurnIsSeen) {
  owner->idle_timeout = 3s;
  listen();
  hub.pause_listener("mine");
  std::vector<Peer> peers;
  for (int i = 0; i < 10; ++i) peers.push_back(connect());
  hub.resume_listener("mine");

  ASSERT_TRUE(run_until([&] { return peers[0].is_over() && !worker().history().entries().empty(); }));

  EXPECT_EQ(last_record().facts.close.detail.get(), kShortened);
}

TEST_F(OverloadTest, TheOtherWorkersAreToldToMakeRoom) {
  Worker second{1, runner.loop, 100};
  Hub second_hub{second, crew};
  crew.members.push_back({&runner.loop, &second_hub, &second.load()});
  owner->stats = std::make_shared<PartyStats>(2);
  owner->idle_timeout = 3s;
  listen();

  auto peers = served(10);

  ASSERT_EQ(second.load().read(), 5U);
  const auto ended = [&] {
    std::vector<std::string> details;
    for (const auto& [id, connection] : second.connections()) {
      if (connection->facts().close.reason == Reason::idle_timeout)
        details.emplace_back(connection->facts().close.detail.get());
    }
    return details;
  };
  ASSERT_TRUE(run_until([&] { return ended().size() == 5; }));
  EXPECT_THAT(ended(), testing::Each(kShortened));
}

TEST_F(OverloadTest, NobodyIsEndedForBeingIdleWhereThoseWhoOnlyWaitForAFinMakeRoomEnough) {
  owner->idle_timeout = 3s;
  listen();
  auto peers = served(8);
  for (std::size_t i = 6; i < 9; ++i) worker().find(make_id(0, i))->finish(Reason::local_done);
  runner.run_beats(700);  // longer than what a full daemon leaves of the timeout
  hub.pause_listener("mine");
  peers.push_back(connect());
  peers.push_back(connect());
  hub.resume_listener("mine");

  ASSERT_TRUE(run_until([&] { return worker().load().read() <= 7; }));
  runner.run_beats(700);

  std::size_t gave_way = 0;
  for (const auto& entry : worker().history().entries()) {
    EXPECT_NE(entry.facts.close.detail.get(), kShortened);
    if (entry.facts.close.reason == Reason::local_done) ++gave_way;
  }
  EXPECT_EQ(gave_way, 3U);
}

TEST_F(OverloadTest, WithoutAConfiguredTimeoutNobodyIsEnded) {
  listen();

  auto peers = served(10);

  runner.run_beats(1200);
  for (auto& peer : peers) EXPECT_FALSE(peer.is_over());
}

TEST_F(OverloadTest, WhoOnlyWaitsForThePeersFinGivesItsDescriptorUp) {
  listen();
  auto peers = served(9);
  worker().find(make_id(0, 1))->finish(Reason::local_done);
  ASSERT_TRUE(run_until([&] { return peers[0].at_eof(); }));
  ASSERT_EQ(worker().load().read(), 9U) << "its peer has sent no FIN";

  peers.push_back(connect());

  ASSERT_TRUE(run_until([&] { return worker().find(make_id(0, 1)) == nullptr; }));
  EXPECT_EQ(last_record().facts.close.how, How::fin);
  EXPECT_EQ(last_record().facts.close.reason, Reason::local_done);
}

}  // namespace
}  // namespace tcpctl
