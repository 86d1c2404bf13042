// SPDX-License-Identifier: Apache-2.0
#include "tcp/sock_diag.hpp"

#include <cerrno>

#include <gmock/gmock.h>

#include "support/tcp_peer.hpp"
#include "tcp/info.hpp"
#include "tcp/netlink_messages.hpp"

namespace tcpctl::tcp {
namespace {

using namespace std::chrono_literals;
using test::bytes_of;
using test::netlink_message;
using test::socket_row;
using testing::HasSubstr;

constexpr std::uint64_t kCookie = 0x1'0000'0002;

std::vector<ClosingSocket> sockets_of(const std::string& datagram, bool is_whole) {
  std::vector<ClosingSocket> sockets;
  const auto done = parse_dump(as_bytes(datagram), 1, sockets);
  EXPECT_TRUE(done) << done.error().what;
  EXPECT_EQ(done.value_or(!is_whole), is_whole);
  return sockets;
}

std::string error_of(const std::string& datagram) {
  std::vector<ClosingSocket> sockets;
  const auto done = parse_dump(as_bytes(datagram), 1, sockets);
  return done ? "none" : done.error().what;
}

TEST(SockDiag, ReadsSocketsUntilTheKernelIsDone) {
  const std::string rows = netlink_message(SOCK_DIAG_BY_FAMILY, 1, socket_row(kCookie, State::time_wait)) +
                           netlink_message(SOCK_DIAG_BY_FAMILY, 1, socket_row(9, State::fin_wait_2));

  const auto sockets = sockets_of(rows, false);
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0].cookie, kCookie);
  EXPECT_EQ(sockets[0].state, State::time_wait);
  EXPECT_EQ(sockets[1].state, State::fin_wait_2);
  EXPECT_EQ(sockets_of(rows + netlink_message(NLMSG_DONE, 1, bytes_of(0)), true).size(), 2U);
}

TEST(SockDiag, LeavesOutWhatAnswersSomethingElse) {
  EXPECT_TRUE(sockets_of({}, false).empty());
  EXPECT_TRUE(
      sockets_of(netlink_message(SOCK_DIAG_BY_FAMILY, 2, socket_row(9, State::closing)), false).empty());
  EXPECT_TRUE(sockets_of(netlink_message(NLMSG_DONE, 2, bytes_of(0)), false).empty());
  EXPECT_TRUE(sockets_of(netlink_message(NLMSG_NOOP, 1, "abcd"), false).empty());
}

TEST(SockDiag, TellsWhatTheKernelRefusedFor) {
  EXPECT_THAT(error_of(netlink_message(NLMSG_ERROR, 1, bytes_of(-ENOENT))), HasSubstr(errno_text(ENOENT)));
  EXPECT_THAT(error_of(netlink_message(NLMSG_DONE, 1, bytes_of(-EINVAL))), HasSubstr(errno_text(EINVAL)));
  EXPECT_THAT(error_of(netlink_message(NLMSG_ERROR, 1, "")), HasSubstr(errno_text(EPROTO)));
}

TEST(SockDiag, RefusesWhatIsCut) {
  const std::string row = netlink_message(SOCK_DIAG_BY_FAMILY, 1, socket_row(9, State::closing));
  for (std::size_t size = 1; size < row.size(); ++size) {
    EXPECT_THAT(error_of(row.substr(0, size)), HasSubstr(errno_text(EBADMSG))) << size;
  }
  EXPECT_THAT(error_of(netlink_message(SOCK_DIAG_BY_FAMILY, 1, "short")), HasSubstr(errno_text(EBADMSG)));
  EXPECT_THAT(error_of(std::string(16, '\0')), HasSubstr(errno_text(EBADMSG)))
      << "a length of 0 goes nowhere";
}

TEST(SockDiag, KnowsNothingBeforeTheKernelWasAsked) {
  const ClosingSockets nothing;
  EXPECT_FALSE(nothing.is_known());
  EXPECT_FALSE(nothing.covers(now()));

  const Instant time = now();
  const ClosingSockets sockets{{{3, State::closing}, {1, State::time_wait}}, time};
  EXPECT_TRUE(sockets.covers(time - 1ns));
  EXPECT_FALSE(sockets.covers(time));
  EXPECT_EQ(sockets.state_of(1), State::time_wait);
  EXPECT_EQ(sockets.state_of(2), State::closed);
  EXPECT_EQ(sockets.state_of(3), State::closing);
}

// --- with sockets of this host
// ------------------------------------------------------------------------------

struct Ends {
  Fd here, there;
};

/// Where it `is_dual_stack`, the accepted end is a socket of IPv6 whose peer speaks IPv4.
Ends connect_ends(bool is_dual_stack) {
  const Fd listening{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int v6_only = is_dual_stack ? 0 : 1;
  ::setsockopt(listening.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  sockaddr_in6 bound{};
  bound.sin6_family = AF_INET6;
  bound.sin6_addr = is_dual_stack ? in6addr_any : in6addr_loopback;
  socklen_t length = sizeof bound;
  EXPECT_EQ(::bind(listening.get(), reinterpret_cast<sockaddr*>(&bound), length), 0);
  EXPECT_EQ(::listen(listening.get(), 1), 0);
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&bound), &length);
  const auto port = ntohs(bound.sin6_port);
  Fd there = test::connect_plain(is_dual_stack ? Address::from(in_addr{htonl(INADDR_LOOPBACK)}, port)
                                               : Address::from(in6addr_loopback, port));
  return {Fd{::accept(listening.get(), nullptr, nullptr)}, std::move(there)};
}
Ends connect_ends() {
  auto pair = test::tcp_pair();
  return {std::move(pair.here), Fd{::dup(pair.there.fd())}};
}

State state_of(std::uint64_t cookie) {
  const auto sockets = closing_sockets();
  EXPECT_TRUE(sockets) << sockets.error().what;
  return sockets ? sockets->state_of(cookie) : State::closed;
}

void expect_both_states(Ends ends) {
  const std::uint64_t cookie = read_cookie(ends.here.get());
  ASSERT_NE(cookie, 0U);
  EXPECT_EQ(state_of(cookie), State::closed) << "an open socket is none of them";

  ::shutdown(ends.here.get(), SHUT_WR);
  while (read_state(ends.here.get()) == State::fin_wait_1) continue;  // the peer's kernel takes its time
  ends.here.reset();
  EXPECT_EQ(state_of(cookie), State::fin_wait_2);

  ends.there.reset();
  EXPECT_EQ(state_of(cookie), State::time_wait);
}

TEST(SockDiag, FindsWhatIsLeftOfASocketOfIpv4ByItsCookie) { expect_both_states(connect_ends()); }
TEST(SockDiag, FindsWhatIsLeftOfASocketOfIpv6ByItsCookie) { expect_both_states(connect_ends(false)); }
TEST(SockDiag, FindsWhatIsLeftOfAV4MappedSocketByItsCookie) { expect_both_states(connect_ends(true)); }

TEST(SockDiag, FindsAnEndThatTheOtherBeganAndDidNotAcknowledge) {
  auto ends = connect_ends();
  const std::uint64_t cookie = read_cookie(ends.here.get());
  const std::string chunk(65536, 'x');
  while (::send(ends.here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) continue;
  ::shutdown(ends.there.get(), SHUT_WR);
  ends.here.reset();

  EXPECT_EQ(state_of(cookie), State::last_ack) << "its FIN waits behind what the peer does not read";
}

TEST(SockDiag, GivesUpWhereThereAreTooMany) {
  auto ends = connect_ends();
  ::shutdown(ends.here.get(), SHUT_WR);

  const auto sockets = closing_sockets({.most = 0});

  ASSERT_FALSE(sockets);
  EXPECT_EQ(sockets.error().code, Errc::limit_reached);
}

TEST(SockDiag, HasNoCookieOfWhatIsNoSocket) { EXPECT_EQ(read_cookie(-1), 0U); }

}  // namespace
}  // namespace tcpctl::tcp
