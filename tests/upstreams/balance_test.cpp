// SPDX-License-Identifier: Apache-2.0
#include "upstreams/balance.hpp"

#include <map>
#include <numeric>

#include <gmock/gmock.h>

#include "upstreams/upstream_sets.hpp"

namespace tcpctl {
namespace {

using test::set_of;
using test::upstream;
using testing::ElementsAre;

Address source(std::uint32_t number) { return Address::from(in_addr{htonl(0x0A000000U + number)}, 1234); }

class BalancerTest : public testing::Test {
 protected:
  Balancer of(Balance balance, const std::vector<Upstream>& upstreams, std::size_t worker = 0) {
    Balancer made{balance, worker};
    made.set(set_of(upstreams));
    return made;
  }
  /// The name of who is chosen for the source `number`, of the first tier.
  static std::string chosen(Balancer& balancer, std::uint32_t number = 0, Tried tried = {}) {
    const auto index = balancer.choose(balancer.set()->tiers().front(), source(number), tried);
    return index ? *balancer.set()->at(*index).name : "-";
  }
  static std::string chosen_in_a_row(Balancer& balancer, int count) {
    std::string names;
    for (int i = 0; i < count; ++i) names += chosen(balancer);
    return names;
  }
  static std::map<std::string, int> counts(Balancer& balancer, int count) {
    std::map<std::string, int> counts;
    for (int i = 0; i < count; ++i) ++counts[chosen(balancer, static_cast<std::uint32_t>(i))];
    return counts;
  }
  static std::vector<std::string> owners(Balancer& balancer, std::uint32_t sources) {
    std::vector<std::string> owners;
    for (std::uint32_t i = 0; i < sources; ++i) owners.push_back(chosen(balancer, i));
    return owners;
  }
  static std::vector<Upstream> some(int count) {
    std::vector<Upstream> all;
    for (int i = 0; i < count; ++i) all.push_back(upstream(std::string(1, static_cast<char>('a' + i))));
    return all;
  }
};

TEST_F(BalancerTest, TakesUpstreamsInTurn) {
  auto balancer = of(Balance::round_robin, some(3));

  EXPECT_EQ(chosen_in_a_row(balancer, 7), "abcabca");
}

TEST_F(BalancerTest, SpreadsTheTurnsOfAHeavyOneEvenly) {
  auto balancer = of(Balance::round_robin, {upstream("a", 5), upstream("b", 1), upstream("c", 1)});

  EXPECT_EQ(chosen_in_a_row(balancer, 7), "aabacaa");
}

TEST_F(BalancerTest, GivesExactlyTheWeightsInEachRound) {
  auto balancer = of(Balance::round_robin, {upstream("a", 256), upstream("b", 17), upstream("c", 3)});

  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(counts(balancer, 276),
                ElementsAre(std::pair{"a", 256}, std::pair{"b", 17}, std::pair{"c", 3}));
  }
}

TEST_F(BalancerTest, GoesOnWithItsTurnWhenTheSetChanges) {
  auto all = some(3);
  auto balancer = of(Balance::round_robin, all);
  EXPECT_EQ(chosen_in_a_row(balancer, 2), "ab");

  all[0].cause = "another";
  balancer.set(set_of(all));

  EXPECT_EQ(chosen_in_a_row(balancer, 3), "cab");
}

TEST_F(BalancerTest, LetsEachWorkerBeginWithAnotherUpstream) {
  auto first = of(Balance::round_robin, some(3), 0);
  auto second = of(Balance::round_robin, some(3), 1);

  EXPECT_EQ(chosen(first), "a");
  EXPECT_EQ(chosen(second), "b");
}

TEST_F(BalancerTest, PassesOverWhoIsFullAndWhoWasTried) {
  for (const Balance balance :
       {Balance::round_robin, Balance::least_connections, Balance::source_hash, Balance::random_two}) {
    auto all = some(3);
    all[0].max_connections = 1;
    all[0].stats->places().take();
    auto balancer = of(balance, all);
    const UpstreamStats* const tried = all[1].stats.get();

    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(chosen(balancer, i, {&tried, 1}), "c");
    all[2].max_connections = 0;
    balancer.set(set_of(all));
    EXPECT_EQ(chosen(balancer, 0, {&tried, 1}), "-");
  }
}

TEST_F(BalancerTest, PrefersWhoHasTheFewestSessionsForItsWeight) {
  auto all = std::vector{upstream("a", 1), upstream("b", 4)};
  auto balancer = of(Balance::least_connections, all);

  std::map<std::string, int> held;
  for (int i = 0; i < 100; ++i) {
    const auto name = chosen(balancer);
    ++held[name];
    all[name == "a" ? 0 : 1].stats->places().take();
  }

  EXPECT_THAT(held, ElementsAre(std::pair{"a", 20}, std::pair{"b", 80}));
  for (int i = 0; i < 70; ++i) all[1].stats->places().give_back();
  EXPECT_EQ(chosen(balancer), "b");
}

TEST_F(BalancerTest, TakesTurnsAmongThoseEquallyLoaded) {
  auto balancer = of(Balance::least_connections, some(4));

  EXPECT_THAT(counts(balancer, 400), ElementsAre(std::pair{"a", 100}, std::pair{"b", 100},
                                                 std::pair{"c", 100}, std::pair{"d", 100}));
}

TEST_F(BalancerTest, KeepsASourceAtItsUpstream) {
  auto one = of(Balance::source_hash, some(5), 0);
  auto other = of(Balance::source_hash, some(5), 1);

  EXPECT_EQ(owners(one, 1000), owners(one, 1000));
  EXPECT_EQ(owners(one, 1000), owners(other, 1000));
}

TEST_F(BalancerTest, SharesSourcesByWeight) {
  auto balancer = of(Balance::source_hash, {upstream("a", 1), upstream("b", 2), upstream("c", 5)});

  const auto shares = counts(balancer, 80'000);

  EXPECT_NEAR(shares.at("a"), 10'000, 500);
  EXPECT_NEAR(shares.at("b"), 20'000, 700);
  EXPECT_NEAR(shares.at("c"), 50'000, 900);
}

TEST_F(BalancerTest, MovesOnlyTheSourcesOfAnUpstreamThatGoes) {
  auto all = some(5);
  all[3].weight = 3;
  auto balancer = of(Balance::source_hash, all);
  const auto before = owners(balancer, 20'000);

  for (const std::size_t gone : {std::size_t{0}, std::size_t{2}, std::size_t{4}}) {
    auto rest = all;
    const auto name = *rest[gone].name;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(gone));
    balancer.set(set_of(rest));
    const auto after = owners(balancer, 20'000);

    std::map<std::string, int> heirs;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] != name) {
        ASSERT_EQ(after[i], before[i]) << "source " << i << " was moved for nothing";
      } else {
        ++heirs[after[i]];
      }
    }
    EXPECT_EQ(heirs.size(), rest.size()) << "the others share what it had";
  }
}

TEST_F(BalancerTest, MovesOnlyTheShareOfAnUpstreamThatComes) {
  auto all = some(4);
  auto balancer = of(Balance::source_hash, all);
  const auto before = owners(balancer, 20'000);

  all.insert(all.begin(), upstream("new", 2));
  balancer.set(set_of(all));
  const auto after = owners(balancer, 20'000);

  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] == before[i]) continue;
    ASSERT_EQ(after[i], "new");
    ++moved;
  }
  EXPECT_NEAR(moved, 20'000 * 2 / 6, 400);
}

TEST_F(BalancerTest, KeepsUpstreamsOfTheSameTargetApart) {
  auto all = some(2);
  all[1].target = all[0].target;
  auto balancer = of(Balance::source_hash, all);

  EXPECT_NEAR(counts(balancer, 10'000).at("a"), 5000, 300);
}

TEST_F(BalancerTest, DrawsTwoByWeightAndTakesTheLessLoaded) {
  auto all = std::vector{upstream("a", 1), upstream("b", 1), upstream("c", 6)};
  auto balancer = of(Balance::random_two, all);
  for (int i = 0; i < 800; ++i) {
    const auto name = chosen(balancer);
    all[name == "a" ? 0 : name == "b" ? 1 : 2].stats->places().take();
  }

  EXPECT_NEAR(static_cast<double>(all[0].stats->places().taken()), 100, 30);
  EXPECT_NEAR(static_cast<double>(all[1].stats->places().taken()), 100, 30);
  EXPECT_NEAR(static_cast<double>(all[2].stats->places().taken()), 600, 60);
}

TEST_F(BalancerTest, NeverTakesTheMoreLoadedOfTwo) {
  auto all = some(2);
  all[0].stats->places().take();
  auto balancer = of(Balance::random_two, all);

  EXPECT_THAT(counts(balancer, 100), ElementsAre(std::pair{"b", 100}));
}

TEST_F(BalancerTest, HasNobodyInAnEmptyTier) {
  for (const Balance balance :
       {Balance::round_robin, Balance::least_connections, Balance::source_hash, Balance::random_two}) {
    auto balancer = of(balance, some(1));
    EXPECT_FALSE(balancer.choose({}, source(1), {}));
  }
}

}  // namespace
}  // namespace tcpctl
