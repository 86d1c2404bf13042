// SPDX-License-Identifier: Apache-2.0
#include "tcp/info.hpp"

#include <gtest/gtest.h>

#include "support/tcp_peer.hpp"

namespace tcpctl::tcp {
namespace {

TEST(Info, TellsStateAndCountsOfALiveConnection) {
  auto pair = test::tcp_pair();
  pair.there.write("hello");

  const auto info = read_info(pair.here.get());

  ASSERT_TRUE(info);
  EXPECT_EQ(info->state, State::established);
  EXPECT_EQ(read_state(pair.here.get()), State::established);
  EXPECT_GT(info->mss_bytes, 0U);
  EXPECT_GT(info->cwnd_segments, 0U);
  ASSERT_TRUE(info->bytes_received);
  EXPECT_EQ(*info->bytes_received, 5U);
}

TEST(Info, FollowsTheStatesOfAnOrderlyClose) {
  auto pair = test::tcp_pair();

  pair.there.fin();
  EXPECT_EQ(read_state(pair.here.get()), State::close_wait);
  ::shutdown(pair.here.get(), SHUT_WR);
  EXPECT_EQ(read_state(pair.here.get()), State::closed) << "an open socket is never in TIME_WAIT";
}

TEST(Info, SeesBothFinsCrossWhileOneIsStuckBehindData) {
  auto pair = test::tcp_pair();
  const std::string chunk(65536, 'x');
  while (::send(pair.here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0) continue;

  ::shutdown(pair.here.get(), SHUT_WR);
  EXPECT_EQ(read_state(pair.here.get()), State::fin_wait_1);
  pair.there.fin();

  EXPECT_EQ(read_state(pair.here.get()), State::closing);
}

TEST(Info, ShowsTheQueueOfAListeningSocket) {
  const test::PlainListener listener{7};
  const Fd waiting = test::connect_plain(listener.address());

  const auto info = read_info(listener.fd());

  ASSERT_TRUE(info);
  EXPECT_EQ(info->state, State::listen);
  EXPECT_EQ(info->unacked, 1U);
  EXPECT_EQ(info->sacked, 7U);
}

TEST(Info, IsNothingForOtherDescriptors) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const Fd read{pipe_fds[0]};
  const Fd write{pipe_fds[1]};

  EXPECT_FALSE(read_info(read.get()));
  EXPECT_FALSE(read_info(-1));
  EXPECT_EQ(read_state(-1), State::closed);
  EXPECT_EQ(read_congestion(write.get()), "");
}

}  // namespace
}  // namespace tcpctl::tcp
