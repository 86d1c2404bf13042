// SPDX-License-Identifier: Apache-2.0
#include "stats/party.hpp"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

TEST(PartyStats, SumsTheSharesOfAllWorkers) {
  PartyStats stats{3};
  for (std::size_t worker = 0; worker < 3; ++worker) {
    stats.share(worker).bytes_in.add(100 * (worker + 1));
    stats.share(worker).refused.add(Refusal::acl);
    stats.share(worker).duration.add(0.5);
  }

  EXPECT_EQ(stats.sum(&PartyShare::bytes_in), 600U);
  EXPECT_EQ(stats.sum(&PartyShare::bytes_out), 0U);
  EXPECT_EQ(stats.refused()[static_cast<std::size_t>(Refusal::acl)], 3U);
  EXPECT_EQ(stats.refused()[static_cast<std::size_t>(Refusal::limit)], 0U);
  EXPECT_EQ(stats.sum(&PartyShare::duration).total(), 3U);
}

TEST(PartyStats, KnowsHowManyAreActiveAndTheMostThatWere) {
  PartyStats stats{2};
  stats.add_opened();
  stats.add_opened();
  stats.share(1).ended.add();
  stats.add_opened();

  EXPECT_EQ(stats.opened(), 3U);
  EXPECT_EQ(stats.active(), 2U);
  EXPECT_EQ(stats.peak(), 2U);
}

TEST(PartyStats, CountsEndsByFirstHowAndReasonOverAllWorkers) {
  PartyStats stats{2};
  EXPECT_TRUE(stats.closes().empty());
  stats.share(0).closes.add(First::remote, How::fin, Reason::peer_fin);
  stats.share(1).closes.add(First::remote, How::fin, Reason::peer_fin);
  stats.share(1).closes.add(First::local, How::rst, Reason::admin_kill);
  stats.share(1).closes.add(First::unknown, How::abort, Reason::unknown);

  const auto closes = stats.closes();

  const auto count_of = [&](First first, How how, Reason reason) -> std::uint64_t {
    for (const auto& close : closes) {
      if (close.first == first && close.how == how && close.reason == reason) return close.count;
    }
    return 0;
  };
  EXPECT_EQ(closes.size(), 3U);
  EXPECT_EQ(count_of(First::remote, How::fin, Reason::peer_fin), 2U);
  EXPECT_EQ(count_of(First::local, How::rst, Reason::admin_kill), 1U);
  EXPECT_EQ(count_of(First::unknown, How::abort, Reason::unknown), 1U);
}

TEST(PartyStats, IsReadWhileItsWorkersWrite) {
  constexpr std::uint64_t kRounds = 20'000;
  PartyStats stats{2};
  std::vector<std::thread> writers;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    writers.emplace_back([&stats, worker] {
      PartyShare& share = stats.share(worker);
      for (std::uint64_t i = 0; i < kRounds; ++i) {
        share.bytes_in.add(2);
        share.duration.add(0.001);
        share.closes.add(First::local, How::fin, Reason::local_done);
      }
    });
  }

  std::uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t bytes = stats.sum(&PartyShare::bytes_in);
    EXPECT_GE(bytes, before);
    before = bytes;
    (void)stats.closes();
    (void)stats.sum(&PartyShare::duration);
  }
  for (auto& writer : writers) writer.join();

  EXPECT_EQ(stats.sum(&PartyShare::bytes_in), 2 * 2 * kRounds);
  ASSERT_EQ(stats.closes().size(), 1U);
  EXPECT_EQ(stats.closes().front().count, 2 * kRounds);
}

TEST(PartyStats, FillsTheRowOfAnUpstreamWithWhatAllWorkersCounted) {
  UpstreamStats stats{2};
  stats.share(0).active.add(2);
  stats.share(1).active.add();
  stats.share(1).connections.add(5);
  stats.share(0).failures[static_cast<std::size_t>(Reason::connect_refused)].add();
  stats.share(1).failures[static_cast<std::size_t>(Reason::connect_refused)].add();
  stats.share(1).connect_time.add(0.01);
  UpstreamRow row;

  stats.fill(row);

  EXPECT_EQ(row.active, 3U);
  EXPECT_EQ(row.connections, 5U);
  EXPECT_THAT(row.failures, testing::ElementsAre(testing::Pair("connect_refused", 2U)));
  EXPECT_EQ(row.connect_time.total(), 1U);
}

}  // namespace
}  // namespace tcpctl
