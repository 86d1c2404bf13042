// SPDX-License-Identifier: Apache-2.0
#include "upstreams/pool.hpp"

#include <gmock/gmock.h>

#include "support/dns_server.hpp"
#include "support/loop_runner.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class PoolTest : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& address) {
    plan->upstreams.push_back({std::make_shared<const std::string>(name),
                               parse_connect_address(address).value(), std::make_shared<UpstreamStats>(1)});
  }
  std::unique_ptr<Pool> pool() { return std::make_unique<Pool>(0, *resolver, plan); }
  static Result<Target> next_of(TargetSource& source) {
    Result<Target> got = fail(Errc::timed_out, "no answer");
    source.next([&](Result<Target> target) { got = std::move(target); });
    return got;
  }
  /// The names of the first `count` targets of a session.
  static std::vector<std::string> names(TargetSource& source, int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(*next_of(source)->name);
    return all;
  }
  [[nodiscard]] UpstreamRow row(std::size_t index) const {
    UpstreamRow filled;
    plan->upstreams[index].stats->fill(filled);
    return filled;
  }

  test::LoopRunner runner;
  test::DnsServer server{runner.loop};
  std::optional<Resolver> resolver{std::in_place, runner.loop,
                                   Resolver::Options{.servers = {server.address().text()}, .attempts = 1}};
  std::shared_ptr<ForwardPlan> plan = std::make_shared<ForwardPlan>();
};

TEST_F(PoolTest, ChoosesUpstreamsInTurn) {
  add("a", "192.0.2.1:80");
  add("b", "192.0.2.2:80");
  add("c", "192.0.2.3:80");
  const auto three = pool();

  std::vector<std::string> first;
  for (int i = 0; i < 7; ++i) first.push_back(*next_of(*three->session())->name);

  EXPECT_THAT(first, ElementsAre("a", "b", "c", "a", "b", "c", "a"));
}

TEST_F(PoolTest, GivesOneSessionEachUpstreamOnceBeforeItRepeats) {
  add("a", "192.0.2.1:80");
  add("b", "192.0.2.2:80");
  add("c", "192.0.2.3:80");
  const auto three = pool();
  (void)three->session();

  EXPECT_THAT(names(*three->session(), 5), ElementsAre("b", "c", "a", "b", "c"));
}

TEST_F(PoolTest, CountsWhatBecomesOfItsTargets) {
  add("a", "192.0.2.1:80");
  add("b", "192.0.2.2:80");
  const auto two = pool();
  const auto session = two->session();
  const auto first = next_of(*session).value();
  const auto second = next_of(*session).value();

  session->failed(first, Reason::connect_refused);
  session->connected(second, 3ms);

  EXPECT_EQ(row(0).failures.at("connect_refused"), 1U);
  EXPECT_EQ(row(0).connections, 0U);
  EXPECT_EQ(row(1).active, 1U);
  EXPECT_EQ(row(1).connections, 1U);
  EXPECT_EQ(row(1).connect_time.total(), 1U);
  session->ended(second);
  EXPECT_EQ(row(1).active, 0U);
}

TEST_F(PoolTest, TakesTheAddressesOfANameInTurn) {
  server.add("a.example", {{"192.0.2.1", 60}, {"192.0.2.2", 60}});
  add("a", "a.example:80");
  const auto one = pool();
  std::vector<std::string> addresses;
  for (int i = 0; i < 4; ++i) {
    const auto session = one->session();
    std::optional<Result<Target>> target;
    session->next([&](Result<Target> answer) { target = std::move(answer); });
    ASSERT_TRUE(runner.run_until([&] { return target.has_value(); }));
    addresses.push_back((*target)->address.text());
  }

  EXPECT_NE(addresses[0], addresses[1]);
  EXPECT_EQ(addresses[0], addresses[2]);
  EXPECT_EQ(addresses[1], addresses[3]);
}

TEST_F(PoolTest, TellsThatANameIsNotKnown) {
  add("a", "nowhere.example:80");
  const auto one = pool();
  const auto session = one->session();
  std::optional<Result<Target>> target;
  session->next([&](Result<Target> answer) { target = std::move(answer); });

  ASSERT_TRUE(runner.run_until([&] { return target.has_value(); }));
  EXPECT_FALSE(*target);
}

TEST_F(PoolTest, IsOutlivedByItsSessions) {
  add("a", "192.0.2.1:80");
  auto one = pool();
  const auto session = one->session();
  one.reset();

  EXPECT_EQ(*next_of(*session)->name, "a");
}

TEST_F(PoolTest, MayGoWithAllItsSessionsWhileANameIsLookedUp) {
  add("a", "a.example:80");
  server.set(test::DnsServer::Mood::silent);
  const auto counters = plan->upstreams[0].stats;
  bool called = false;
  {
    const auto one = pool();
    const auto session = one->session();
    session->next([&](const Result<Target>&) { called = true; });
    runner.run_beats(5);
  }
  plan.reset();
  resolver.reset();
  runner.run_beats(5);

  EXPECT_FALSE(called);
  EXPECT_EQ(counters.use_count(), 1) << "nothing of it is left";
}

}  // namespace
}  // namespace tcpctl
