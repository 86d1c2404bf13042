// SPDX-License-Identifier: Apache-2.0
#include "app/stats_book.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

TEST(StatsBook, KnowsANameAgain) {
  StatsBook book{2};

  EXPECT_EQ(book.listener("a"), book.listener("a"));
  EXPECT_NE(book.listener("a"), book.client("a"));
}

TEST(StatsBook, DoesNotGrowWithNamesThatComeAndGo) {
  StatsBook book{2};
  const auto declared = book.listener("declared");

  for (int i = 0; i < 100'000; ++i) {
    static_cast<void>(book.listener("l" + std::to_string(i)));
    static_cast<void>(book.client("c" + std::to_string(i)));
    static_cast<void>(book.upstream("l" + std::to_string(i), "u1"));
  }

  EXPECT_LE(book.size(), 3001U);
  EXPECT_EQ(book.listener("declared"), declared);
}

TEST(StatsBook, CountsTheEndsOfNamesThatItForgot) {
  StatsBook book{2};
  book.listener("gone")->share(0).closes.add(First::remote, How::fin, Reason::peer_fin);

  for (int i = 0; i < 10'000; ++i) static_cast<void>(book.listener("l" + std::to_string(i)));

  ASSERT_EQ(book.closes().size(), 1U);
  EXPECT_EQ(book.closes().front().count, 1U);
}

}  // namespace
}  // namespace tcpctl
