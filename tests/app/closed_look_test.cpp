// SPDX-License-Identifier: Apache-2.0
#include "app/closed_look.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

TEST(ClosedLook, AsksTheKernelOnceASecond) {
  int dumps = 0;
  const Instant begin = now();
  ClosedLook look{[&]() -> Result<tcp::ClosingSockets> {
    ++dumps;
    return tcp::ClosingSockets{{{7, tcp::State::time_wait}}, begin};
  }};

  const auto first = look.look(begin);
  const auto second = look.look(begin + 999ms);
  EXPECT_EQ(dumps, 1);
  EXPECT_EQ(first.sockets, second.sockets);
  EXPECT_EQ(first.sockets->state_of(7), tcp::State::time_wait);
  EXPECT_EQ(first.refusal, "");

  (void)look.look(begin + 1s);
  EXPECT_EQ(dumps, 2);
}

TEST(ClosedLook, KnowsNothingWhileItIsRefusedAndSaysWhy) {
  bool refused = true;
  const Instant begin = now();
  ClosedLook look{[&]() -> Result<tcp::ClosingSockets> {
    if (refused) return fail(Errc::io, "no netlink here");
    return tcp::ClosingSockets{{}, begin};
  }};

  const auto without = look.look(begin);
  EXPECT_EQ(without.refusal, "no netlink here");
  ASSERT_TRUE(without.sockets);
  EXPECT_FALSE(without.sockets->is_known());

  refused = false;
  const auto with = look.look(begin + 1s);
  EXPECT_EQ(with.refusal, "");
  EXPECT_TRUE(with.sockets->is_known());
}

}  // namespace
}  // namespace tcpctl
