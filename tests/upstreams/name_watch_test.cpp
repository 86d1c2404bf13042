// SPDX-License-Identifier: Apache-2.0
#include "upstreams/name_watch.hpp"

#include <gmock/gmock.h>

#include "support/dns_server.hpp"
#include "support/loop_runner.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using test::DnsZone;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Refresh = NameWatch::Refresh;

class NameWatchTest : public testing::Test {
 protected:
  void watch(const std::string& address, Refresh refresh = Refresh::always) {
    watched.emplace(
        resolver, parse_connect_address(address).value(), [this](const NameState&) { ++changes; }, refresh);
  }
  static std::vector<std::string> texts(const NameState& state) {
    std::vector<std::string> all;
    for (const auto& entry : state.entries) {
      for (const auto& address : entry.addresses->all()) all.push_back(address.text());
    }
    return all;
  }
  /// What is known once it is known.
  std::vector<std::string> ask() {
    bool answered = false;
    watched->when_known([&] { answered = true; });
    if (!runner.run_until([&] { return answered; })) return {"no answer"};
    return texts(watched->state());
  }
  [[nodiscard]] const NameState& state() const { return watched->state(); }
  bool changed(int count) {
    return runner.run_until([&] { return changes >= count; });
  }

  test::LoopRunner runner;
  DnsServer server{runner.loop};
  Resolver resolver{runner.loop,
                    {.servers = {server.address().text()},
                     .attempt_timeout = 60s,
                     .attempts = 1,
                     .least_ttl = 20ms,
                     .first_retry = 20ms}};
  int changes{0};
  std::optional<NameWatch> watched;
};

TEST_F(NameWatchTest, KnowsLiteralsAndPathsFromTheStart) {
  watch("192.0.2.1:80");
  EXPECT_TRUE(state().looked_up);
  EXPECT_TRUE(state().usable());
  EXPECT_EQ(state().entries.front().port, 80);
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
  EXPECT_THAT(ask(), ElementsAre("192.0.2.1:80"));

  watch("unix:/run/x.sock");
  EXPECT_THAT(texts(state()), ElementsAre("unix:/run/x.sock"));
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(NameWatchTest, LooksAHostUpAtOnceAndTellsOfIt) {
  server.add("a.example", {{"192.0.2.1", 3600}, {"192.0.2.2", 3600}});
  watch("a.example:80");
  EXPECT_FALSE(state().looked_up);
  EXPECT_FALSE(state().usable());

  ASSERT_TRUE(changed(1));

  EXPECT_THAT(texts(state()), UnorderedElementsAre("192.0.2.1:80", "192.0.2.2:80"));
  EXPECT_EQ(state().entries.front().host, "a.example");
  EXPECT_EQ(state().error, "");
}

TEST_F(NameWatchTest, LooksAHostUpAnewWhenItsTtlIsOver) {
  server.add("a.example", {{"192.0.2.1", 0}});
  watch("a.example:80");
  ASSERT_TRUE(changed(1));
  server.add("a.example", {{"192.0.2.2", 0}});

  ASSERT_TRUE(changed(2));

  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.2:80"));
}

TEST_F(NameWatchTest, SaysNothingOfTheSameAddressesInAnotherOrder) {
  server.add("a.example", {{"192.0.2.1", 0}, {"192.0.2.2", 0}});
  watch("a.example:80");
  ASSERT_TRUE(changed(1));
  const auto order = texts(state());
  const auto queries = server.queries();
  server.add("a.example", {{"192.0.2.2", 0}, {"192.0.2.1", 0}});

  ASSERT_TRUE(runner.run_until([&] { return server.queries() > queries + 2; })) << "the second time over";

  EXPECT_EQ(changes, 1);
  EXPECT_EQ(texts(state()), order);
}

TEST_F(NameWatchTest, KeepsTheLastAddressesWhileItFailsAndSaysSoOnce) {
  server.add("a.example", {{"192.0.2.1", 0}});
  watch("a.example:80");
  ASSERT_TRUE(changed(1));
  server.remove("a.example");

  ASSERT_TRUE(changed(2));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(state().error, "host 'a.example': no such name");

  const auto queries = server.queries();
  ASSERT_TRUE(runner.run_until([&] { return server.queries() > queries + 1; }));
  EXPECT_EQ(changes, 2) << "it failed again, which is no news";
  server.add("a.example", {{"192.0.2.1", 60}});
  ASSERT_TRUE(changed(3));
  EXPECT_EQ(state().error, "");
}

TEST_F(NameWatchTest, GoesOnAskingWhereNothingWasEverKnown) {
  watch("late.example:80");
  ASSERT_TRUE(changed(1));
  EXPECT_TRUE(state().looked_up);
  EXPECT_FALSE(state().usable());
  EXPECT_THAT(state().error, HasSubstr("late.example"));
  server.add("late.example", {{"192.0.2.1", 60}});

  ASSERT_TRUE(changed(2));

  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
}

TEST_F(NameWatchTest, AsksOnlyWhenAskedAndThenOnceForAllWhoWait) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  watch("a.example:80", Refresh::when_asked);
  runner.settle();
  EXPECT_EQ(server.queries(), 0U);
  int answers = 0;
  for (int i = 0; i < 10; ++i) watched->when_known([&] { ++answers; });

  ASSERT_TRUE(runner.run_until([&] { return answers == 10; }));
  EXPECT_THAT(ask(), ElementsAre("192.0.2.1:80"));

  EXPECT_LE(server.queries(), 2U) << "A and AAAA";
}

TEST_F(NameWatchTest, AsksAnewWhenAskedWhereNothingIsKnown) {
  watch("late.example:80", Refresh::when_asked);
  EXPECT_THAT(ask(), ElementsAre());
  server.add("late.example", {{"192.0.2.1", 3600}});

  EXPECT_THAT(ask(), ElementsAre("192.0.2.1:80"));
}

TEST_F(NameWatchTest, CallsNobodyBackOnceItIsGone) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  watch("a.example:80", Refresh::when_asked);
  bool called = false;
  watched->when_known([&] { called = true; });

  watched.reset();
  runner.run_beats(20);

  EXPECT_FALSE(called);
  EXPECT_EQ(changes, 0);
}

TEST_F(NameWatchTest, MayGoWithinItsOwnCallbacks) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  watched.emplace(resolver, parse_connect_address("a.example:80").value(), [this](const NameState&) {
    ++changes;
    watched.reset();
  });
  ASSERT_TRUE(changed(1));

  watch("a.example:80", Refresh::when_asked);
  for (int i = 0; i < 3; ++i) watched->when_known([&] { watched.reset(); });
  ASSERT_TRUE(runner.run_until([&] { return !watched; }));
}

TEST_F(NameWatchTest, AsksNobodyForAHostOfTheHostsFile) {
  watch("localhost:80");

  ASSERT_TRUE(changed(1));

  EXPECT_THAT(texts(state()), testing::Contains("127.0.0.1:80"));
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(NameWatchTest, TellsOfOneFamilyAndThenOfBoth) {
  server.add("a.example", {{"192.0.2.1", 3600}, {"2001:db8::1", 3600}});
  server.set(DnsZone::kAaaa, DnsServer::Mood::silent);
  watch("a.example:80");
  ASSERT_TRUE(changed(1));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(state().error, "");

  server.answer_late();

  ASSERT_TRUE(changed(2));
  EXPECT_THAT(texts(state()), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80"));
}

TEST_F(NameWatchTest, LetsNobodyWaitForALateFamily) {
  server.add("a.example", {{"192.0.2.1", 0}, {"2001:db8::1", 0}});
  server.set(DnsZone::kAaaa, DnsServer::Mood::silent);
  watch("a.example:80", Refresh::when_asked);

  EXPECT_THAT(ask(), ElementsAre("192.0.2.1:80"));
  EXPECT_THAT(ask(), ElementsAre("192.0.2.1:80")) << "still under way";

  EXPECT_EQ(server.queries(), 2U);
}

TEST_F(NameWatchTest, KeepsTheAddressesOfAFamilyThatFailsAndSaysSo) {
  server.add("a.example", {{"192.0.2.1", 0}, {"2001:db8::1", 0}});
  watch("a.example:80");
  ASSERT_TRUE(runner.run_until([&] { return texts(state()).size() == 2; }));
  server.add("a.example", {{"192.0.2.2", 0}, {"2001:db8::1", 0}});
  server.set(DnsZone::kAaaa, DnsServer::Mood::fails);

  ASSERT_TRUE(runner.run_until([&] { return !state().error.empty(); }));

  EXPECT_THAT(texts(state()), UnorderedElementsAre("192.0.2.2:80", "[2001:db8::1]:80"));
  EXPECT_EQ(state().error, "host 'a.example': the name servers cannot be reached or failed");
  const int before = changes;
  const auto queries = server.queries();
  ASSERT_TRUE(runner.run_until([&] { return server.queries() > queries + 3; }));
  EXPECT_EQ(changes, before) << "it fails again, which is no news";
  server.set(DnsZone::kAaaa, DnsServer::Mood::answers);
  ASSERT_TRUE(runner.run_until([&] { return state().error.empty(); }));
}

TEST_F(NameWatchTest, IsNotDisturbedByAFamilyThatNeverAnswers) {
  server.add("a.example", {{"192.0.2.1", 0}});
  server.set(DnsZone::kAaaa, DnsServer::Mood::fails);
  watch("a.example:80");
  ASSERT_TRUE(changed(1));

  ASSERT_TRUE(runner.run_until([&] { return server.queries() > 6; }));

  EXPECT_EQ(changes, 1);
  EXPECT_EQ(state().error, "");
}

TEST_F(NameWatchTest, ServesAServiceWhileOneFamilyOfItsHostsIsSilent) {
  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example"}, {0, 0, 80, "b.example"}});
  server.add("a.example", {{"192.0.2.1", 600}, {"2001:db8::1", 600}});
  server.add("b.example", {{"192.0.2.2", 600}});
  server.set(DnsZone::kAaaa, DnsServer::Mood::silent);
  watch("srv:_web._tcp.example");

  ASSERT_TRUE(changed(1));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80", "192.0.2.2:80"));
  server.answer_late();
  ASSERT_TRUE(changed(2));

  EXPECT_THAT(texts(state()), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.2:80"));
}

TEST_F(NameWatchTest, ResolvesAServiceAndTheHostsThatItNames) {
  server.add_service("_web._tcp.example", {{20, 5, 8002, "b.example"}, {10, 60, 8001, "a.example"}});
  server.add("a.example", {{"192.0.2.1", 600}, {"2001:db8::1", 600}});
  server.add("b.example", {{"192.0.2.2", 60}});
  watch("srv:_web._tcp.example");

  ASSERT_TRUE(runner.run_until([&] { return texts(state()).size() == 3; }));

  EXPECT_THAT(texts(state()), UnorderedElementsAre("192.0.2.1:8001", "[2001:db8::1]:8001", "192.0.2.2:8002"));
  ASSERT_EQ(state().entries.size(), 2U);
  EXPECT_EQ(state().entries[0].host, "a.example");
  EXPECT_EQ(state().entries[0].port, 8001);
  EXPECT_EQ(state().entries[0].priority, 10);
  EXPECT_EQ(state().entries[0].weight, 60);
  EXPECT_EQ(state().error, "");
}

TEST_F(NameWatchTest, FollowsAServiceAsItsHostsComeAndGo) {
  server.add("a.example", {{"192.0.2.1", 0}});
  server.add("b.example", {{"192.0.2.2", 0}});
  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example", 0}});
  watch("srv:_web._tcp.example");
  ASSERT_TRUE(changed(1));

  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example", 0}, {0, 0, 80, "b.example", 0}});
  ASSERT_TRUE(changed(2));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80", "192.0.2.2:80"));

  server.add_service("_web._tcp.example", {{0, 0, 80, "b.example", 0}});
  ASSERT_TRUE(changed(3));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.2:80"));
}

TEST_F(NameWatchTest, ServesWithTheHostsThatItKnowsAndNamesTheOthers) {
  server.add("a.example", {{"192.0.2.1", 0}});
  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example", 0}, {0, 0, 80, "b.example", 0}});
  watch("srv:_web._tcp.example");
  ASSERT_TRUE(changed(1));
  EXPECT_TRUE(state().usable());
  EXPECT_EQ(state().error, "1 of 2 hosts failed: host 'b.example': no such name");
  ASSERT_EQ(state().entries.size(), 2U);
  EXPECT_TRUE(state().entries[1].addresses->empty());

  server.add("b.example", {{"192.0.2.2", 0}});
  ASSERT_TRUE(changed(2));
  EXPECT_EQ(state().error, "");
  server.remove("a.example");
  ASSERT_TRUE(changed(3));

  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80", "192.0.2.2:80")) << "its last addresses";
  EXPECT_THAT(state().error, HasSubstr("a.example"));
}

TEST_F(NameWatchTest, KeepsAServiceThatFailsAltogether) {
  server.add("a.example", {{"192.0.2.1", 0}});
  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example", 0}});
  watch("srv:_web._tcp.example");
  ASSERT_TRUE(changed(1));

  server.set(DnsServer::Mood::fails);
  ASSERT_TRUE(changed(2));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
  EXPECT_NE(state().error, "");
  server.set(DnsServer::Mood::answers);
  ASSERT_TRUE(changed(3));

  EXPECT_EQ(state().error, "");
}

TEST_F(NameWatchTest, SaysThatAServiceIsNotAvailable) {
  server.add_service("_web._tcp.example", {{0, 0, 0, ""}});
  watch("srv:_web._tcp.example");

  ASSERT_TRUE(changed(1));

  EXPECT_FALSE(state().usable());
  EXPECT_THAT(state().error, HasSubstr("not available"));
}

TEST_F(NameWatchTest, MayGoWhileTheHostsOfAServiceAreLookedUp) {
  server.add_service("_web._tcp.example", {{0, 0, 80, "a.example"}, {0, 0, 80, "b.example"}});
  server.on_query = [this] {
    if (server.queries() > 1) server.set(DnsServer::Mood::silent);
  };
  watch("srv:_web._tcp.example");
  ASSERT_TRUE(runner.run_until([this] { return server.queries() > 1; }));

  watched.reset();
  server.set(DnsServer::Mood::answers);
  server.answer_late();
  runner.run_beats(5);

  EXPECT_EQ(changes, 0);
}

TEST_F(NameWatchTest, ComesBackWithItsNameServer) {
  server.add("a.example", {{"192.0.2.1", 0}});
  Resolver impatient{runner.loop,
                     {.servers = {server.address().text()},
                      .attempt_timeout = 10ms,
                      .attempts = 1,
                      .least_ttl = 20ms,
                      .first_retry = 20ms}};
  watched.emplace(impatient, parse_connect_address("a.example:80").value(),
                  [this](const NameState&) { ++changes; });
  ASSERT_TRUE(changed(1));

  server.set(DnsServer::Mood::silent);
  ASSERT_TRUE(changed(2));
  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.1:80"));
  EXPECT_THAT(state().error, HasSubstr("no answer from the name servers"));
  server.add("a.example", {{"192.0.2.9", 60}});
  server.set(DnsServer::Mood::answers);
  ASSERT_TRUE(changed(3));

  EXPECT_THAT(texts(state()), ElementsAre("192.0.2.9:80"));
  watched.reset();
}

}  // namespace
}  // namespace tcpctl
