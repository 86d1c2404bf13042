// SPDX-License-Identifier: Apache-2.0
#include "tcp/destroy_events.hpp"

#include <gtest/gtest.h>

#include "support/tcp_peer.hpp"
#include "tcp/netlink_messages.hpp"
#include "tcp/sock_diag.hpp"

namespace tcpctl::tcp {
namespace {

using test::attribute;
using test::bytes_of;
using test::netlink_message;
using test::socket_row;
using Status = DestroyEvents::Read::Status;

std::string event_of(std::uint64_t cookie, std::string_view info) {
  const std::string attributes = attribute(INET_DIAG_SHUTDOWN, "x") + attribute(INET_DIAG_INFO, info);
  return netlink_message(SOCK_DIAG_BY_FAMILY, 0, socket_row(cookie, State::closed, attributes));
}

/// A TCP_INFO by its offsets: tcpi_state, tcpi_rtt, tcpi_segs_out.
std::string some_info() {
  std::string info(232, '\0');
  info[0] = 7;
  info[68] = 41;
  info[136] = 12;
  return info;
}

TEST(DestroyEvents, ReadsCookieAndTcpInfo) {
  const auto destroyed = parse_destroyed(as_bytes(event_of(0x1'0000'0002, some_info())));

  ASSERT_TRUE(destroyed);
  EXPECT_EQ(destroyed->cookie, 0x1'0000'0002U);
  EXPECT_EQ(destroyed->info.state, State::closed);
  EXPECT_EQ(destroyed->info.rtt_us, 41U);
  EXPECT_EQ(destroyed->info.segments_out, 12U);
}

TEST(DestroyEvents, ReadsTheTcpInfoOfOlderAndNewerKernels) {
  const auto older = parse_destroyed(as_bytes(event_of(7, some_info().substr(0, 104))));
  ASSERT_TRUE(older);
  EXPECT_EQ(older->info.rtt_us, 41U);
  EXPECT_FALSE(older->info.segments_out);

  const auto newer = parse_destroyed(as_bytes(event_of(7, some_info() + std::string(64, '\1'))));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->info.segments_out, 12U);
}

TEST(DestroyEvents, LeavesOutWhatIsCutOrForeign) {
  const std::string whole = event_of(7, some_info());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_destroyed(as_bytes(whole.substr(0, size)))) << size;
  }
  EXPECT_FALSE(parse_destroyed(as_bytes(netlink_message(NLMSG_DONE, 0, bytes_of(0)))));
  EXPECT_FALSE(parse_destroyed(as_bytes(netlink_message(SOCK_DIAG_BY_FAMILY, 0, "short"))));
  const std::string without = socket_row(7, State::closed);
  EXPECT_FALSE(parse_destroyed(as_bytes(netlink_message(SOCK_DIAG_BY_FAMILY, 0, without))));
  for (const std::string& attributes :
       {attribute(INET_DIAG_INFO, ""), std::string(8, '\0'), std::string(8, '\xff')}) {
    EXPECT_FALSE(parse_destroyed(
        as_bytes(netlink_message(SOCK_DIAG_BY_FAMILY, 0, socket_row(7, State::closed, attributes)))));
  }
}

// --- with sockets of this host
// ------------------------------------------------------------------------------

DestroyEvents open(std::size_t receive_bytes = DestroyEvents::kReceiveBytes) {
  auto events = DestroyEvents::open(receive_bytes);
  EXPECT_TRUE(events) << events.error().what;
  return std::move(*events);
}

/// The event of the socket with `cookie`, waited for among all that this host destroys.
std::optional<Destroyed> wait_for(DestroyEvents& events, std::uint64_t cookie) {
  pollfd ready{events.fd(), POLLIN, 0};
  while (::poll(&ready, 1, 30'000) == 1) {
    const auto read = events.read();
    if (read.event && read.event->cookie == cookie) return read.event;
  }
  return std::nullopt;
}

TEST(DestroyEvents, TellTheLastTcpInfoOfASocketThatWasClosedBeforeItsEnd) {
  auto events = open();
  ASSERT_TRUE(events.join());
  auto pair = test::tcp_pair();
  const std::uint64_t cookie = read_cookie(pair.here.get());
  std::size_t sent = 0;
  const std::string chunk(65536, 'x');
  for (ssize_t taken = 0; taken >= 0;
       taken = ::send(pair.here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL))
    sent += static_cast<std::size_t>(taken);
  const auto before = read_info(pair.here.get());
  pair.here.reset();
  pair.there.fin();
  while (!pair.there.at_eof()) continue;

  const auto last = wait_for(events, cookie);

  ASSERT_TRUE(last);
  ASSERT_TRUE(before && before->bytes_acked && last->info.bytes_acked);
  EXPECT_LT(*before->bytes_acked, sent);
  EXPECT_GE(*last->info.bytes_acked, sent);
}

TEST(DestroyEvents, AreNotHeardBeforeJoiningNorAfterLeaving) {
  auto events = open();
  auto other = open();
  ASSERT_TRUE(other.join());
  ASSERT_TRUE(events.join());
  events.leave();
  auto pair = test::tcp_pair();
  const std::uint64_t cookie = read_cookie(pair.here.get());
  pair.here.reset();
  pair.there.close();
  ASSERT_TRUE(wait_for(other, cookie)) << "the kernel has told everybody by then";

  for (auto read = events.read(); read.status != Status::nothing; read = events.read()) {
    ASSERT_TRUE(!read.event || read.event->cookie != cookie);
  }
}

TEST(DestroyEvents, SayThatTheKernelDroppedSome) {
  auto events = open(1);  // the kernel makes that a few KB
  auto roomy = open();
  ASSERT_TRUE(events.join());
  ASSERT_TRUE(roomy.join());
  std::uint64_t cookie = 0;
  for (int i = 0; i < 200; ++i) {
    auto pair = test::tcp_pair();
    cookie = read_cookie(pair.here.get());
  }
  ASSERT_TRUE(wait_for(roomy, cookie));

  std::size_t overruns = 0;
  for (auto read = events.read(); read.status != Status::nothing; read = events.read()) {
    if (read.status == Status::overrun) ++overruns;
  }
  EXPECT_GE(overruns, 1U);
}

}  // namespace
}  // namespace tcpctl::tcp
