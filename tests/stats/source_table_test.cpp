// SPDX-License-Identifier: Apache-2.0
#include "stats/source_table.hpp"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

Address host(unsigned n) {
  return Address::from(in_addr{htonl(0x0a000000U + n)}, static_cast<std::uint16_t>(n % 60'000));
}

class SourceTableTest : public testing::Test {
 protected:
  std::shared_ptr<SourceTable> table = std::make_shared<SourceTable>(2);
};

TEST_F(SourceTableTest, GivesEachSourceItsPlacesAndNoMore) {
  const auto one = table->enter(host(1), 2);
  const auto two = table->enter(host(1), 2);

  EXPECT_TRUE(one && two);
  EXPECT_FALSE(table->enter(host(1), 2));
  EXPECT_TRUE(table->enter(host(2), 2));
}

TEST_F(SourceTableTest, APlaceThatIsGivenBackIsTakenAgain) {
  auto one = table->enter(host(1), 1);
  ASSERT_TRUE(one);
  one->taken_by(1);

  one.reset();

  EXPECT_TRUE(table->enter(host(1), 1));
}

TEST_F(SourceTableTest, APlaceThatMovesIsGivenBackOnce) {
  auto one = table->enter(host(1), 2);
  const auto two = table->enter(host(1), 2);
  SourcePlace moved = *std::move(one);
  SourcePlace again;
  again = std::move(moved);
  EXPECT_FALSE(table->enter(host(1), 2));

  again = {};

  EXPECT_TRUE(table->enter(host(1), 2));
}

TEST_F(SourceTableTest, ForgetsSourcesWithoutAConnection) {
  const auto stays = table->enter(host(0), 1);
  for (unsigned i = 1; i < 100'000; ++i) {
    const auto passes = table->enter(host(i), 1);
    ASSERT_TRUE(passes);
  }

  EXPECT_LE(table->size(), 64U);
  EXPECT_FALSE(table->enter(host(0), 1)) << "who is there is not forgotten";
}

TEST_F(SourceTableTest, HoldsAsManySourcesAsHaveAConnection) {
  std::vector<SourcePlace> places;
  for (unsigned i = 0; i < 10'000; ++i) places.push_back(*table->enter(host(i), 1));

  for (unsigned i = 0; i < 10'000; ++i) EXPECT_FALSE(table->enter(host(i), 1));
  EXPECT_EQ(table->size(), 10'000U);
}

TEST_F(SourceTableTest, AUnixPeerIsNotCounted) {
  const auto one = table->enter(Address::unix_path(""), 1);
  const auto two = table->enter(Address::unix_path(""), 1);

  EXPECT_TRUE(one && two);
  EXPECT_EQ(table->size(), 0U);
}

TEST_F(SourceTableTest, APlaceOutlivesItsTable) {
  auto place = table->enter(host(1), 1);

  table.reset();

  place.reset();
}

TEST_F(SourceTableTest, PlacesComeBackFromOtherThreads) {
  for (int round = 0; round < 200; ++round) {
    std::vector<SourcePlace> places;
    while (auto place = table->enter(host(1), 8)) {
      place->taken_by(1);
      places.push_back(*std::move(place));
    }
    ASSERT_EQ(places.size(), 8U);
    std::thread{[&] { places.clear(); }}.join();
  }
}

}  // namespace
}  // namespace tcpctl
