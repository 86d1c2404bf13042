// SPDX-License-Identifier: Apache-2.0
#include "stats/snapshot.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

TEST(Snapshot, WritesAnIdAsWorkerAndSequence) { EXPECT_EQ(id_text(make_id(1, 1417)), "2-1417"); }

TEST(Snapshot, ReadsBackTheIdsItWrites) {
  const auto largest = make_id(65534, (std::uint64_t{1} << 48) - 1);

  EXPECT_EQ(parse_id(id_text(make_id(0, 0))), make_id(0, 0));
  EXPECT_EQ(parse_id(id_text(largest)), largest);
  EXPECT_EQ(worker_of(*parse_id("2-1417")), 1U);
}

TEST(Snapshot, RefusesWhatIsNoId) {
  for (const auto* text :
       {"", "-", "2", "2-", "-1", "0-1", "02-1", "2-01", "2-1 ", " 2-1", "2-1-1", "+2-1", "2-+1", "65536-1",
        "1-281474976710656", "1-99999999999999999999", "a-b", "2-1\n"}) {
    EXPECT_FALSE(parse_id(text)) << text;
  }
}

TEST(Snapshot, SeesNoFilterInPagingAndSorting) {
  ConnectionQuery query;
  query.limit = 5;
  query.cursor = "x";
  query.sort = ConnectionQuery::Sort::age;
  query.descending = true;

  EXPECT_FALSE(query.has_filter());
}

TEST(Snapshot, SeesEveryKindOfFilter) {
  const auto with = [](auto set) {
    ConnectionQuery query;
    set(query);
    return query.has_filter();
  };

  EXPECT_TRUE(with([](auto& query) { query.listener = "web"; }));
  EXPECT_TRUE(with([](auto& query) { query.client = "feed"; }));
  EXPECT_TRUE(with([](auto& query) { query.service = "echo"; }));
  EXPECT_TRUE(with([](auto& query) { query.state = "ESTABLISHED"; }));
  EXPECT_TRUE(with([](auto& query) { query.direction = Direction::inbound; }));
  EXPECT_TRUE(with([](auto& query) { query.peer = Network{}; }));
  EXPECT_TRUE(with([](auto& query) { query.local = Network{}; }));
  EXPECT_TRUE(with([](auto& query) { query.where.push_back(parse_comparison("bytes>0").value()); }));
  EXPECT_TRUE(with([](auto& query) { query.older_than = Duration{1}; }));
  EXPECT_TRUE(with([](auto& query) { query.min_bytes = 1; }));
  EXPECT_TRUE(with([](auto& query) { query.reason = Reason::drain; }));
  EXPECT_TRUE(with([](auto& query) { query.first = First::local; }));
  EXPECT_TRUE(with([](auto& query) { query.how = How::rst; }));
  EXPECT_TRUE(with([](auto& query) { query.since = WallTime{}; }));
  EXPECT_TRUE(with([](auto& query) { query.until = WallTime{}; }));
}

}  // namespace
}  // namespace tcpctl
