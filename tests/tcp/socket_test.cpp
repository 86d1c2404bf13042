// SPDX-License-Identifier: Apache-2.0
#include "tcp/socket.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include "support/tcp_peer.hpp"
#include "tcp/info.hpp"

namespace tcpctl::tcp {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

Address loopback() { return parse_ip_port("127.0.0.1:0").value(); }
int int_option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

TEST(Socket, ListensOnAFreePortAndSaysWhich) {
  const auto fd = listen_on(loopback(), {});

  ASSERT_TRUE(fd) << fd.error().what;
  EXPECT_NE(local_address(fd->get()).port(), 0);
  EXPECT_EQ(read_state(fd->get()), State::listen);
}

TEST(Socket, SaysWhyItCannotListen) {
  const auto first = listen_on(loopback(), {});
  ASSERT_TRUE(first);
  const Address taken = local_address(first->get());

  const auto second = listen_on(taken, {});

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::already_exists);
  EXPECT_EQ(second.error().what, "cannot listen on " + taken.text() + ": " + errno_text(EADDRINUSE));
}

TEST(Socket, HandsItsOptionsToTheConnectionsItAccepts) {
  ListenOptions options;
  options.inherited.keepalive = Options::Keepalive{90s, 7s, 4};
  options.inherited.user_timeout = 1500us;
  options.inherited.congestion = "reno";
  const auto fd = listen_on(loopback(), options);
  ASSERT_TRUE(fd) << fd.error().what;

  const Fd client = test::connect_plain(local_address(fd->get()));
  const Fd accepted{::accept(fd->get(), nullptr, nullptr)};

  EXPECT_EQ(int_option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(int_option(accepted.get(), IPPROTO_TCP, TCP_KEEPIDLE), 90);
  EXPECT_EQ(int_option(accepted.get(), IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(int_option(accepted.get(), IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_EQ(int_option(accepted.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 2) << "whole milliseconds, rounded up";
  EXPECT_EQ(int_option(accepted.get(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(read_congestion(accepted.get()), "reno");
}

TEST(Socket, NamesTheOptionThatTheKernelRefuses) {
  ListenOptions options;
  options.inherited.congestion = "warp";

  const auto fd = listen_on(loopback(), options);

  ASSERT_FALSE(fd);
  EXPECT_THAT(fd.error().what, HasSubstr("congestion 'warp': "));
  EXPECT_THAT(fd.error().what, HasSubstr("tcp_available_congestion_control"));
}

TEST(Socket, KnowsAtOnceThatAUnixSocketIsNotThere) {
  const auto connecting = connect_to(Address::unix_path("/nonexistent/socket"), {});

  ASSERT_TRUE(connecting);
  EXPECT_EQ(connecting->error, ENOENT);
}

TEST(Socket, TellsLaterThatAPortIsClosed) {
  auto connecting = connect_to(test::closed_port(), {});
  ASSERT_TRUE(connecting);
  int error = connecting->error;
  if (error == 0) {
    pollfd ready{connecting->fd.get(), POLLOUT, 0};
    ::poll(&ready, 1, -1);
    error = take_error(connecting->fd.get());
  }

  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_EQ(take_error(connecting->fd.get()), 0) << "reading clears it";
}

TEST(Socket, CountsWhatThePeerHasNotAcknowledged) {
  auto pair = test::tcp_pair();
  EXPECT_EQ(unacknowledged(pair.here.get()), 0U);

  const std::string chunk(65536, 'x');
  std::size_t sent = 0;
  for (ssize_t n = 0; (n = ::send(pair.here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL)) > 0;)
    sent += static_cast<std::size_t>(n);

  EXPECT_GT(unacknowledged(pair.here.get()), 0U);
  EXPECT_LE(unacknowledged(pair.here.get()), sent);
}

TEST(Socket, ResetsOnCloseIfAskedTo) {
  auto pair = test::tcp_pair();

  set_abort_on_close(pair.here.get());
  pair.here.reset();

  EXPECT_TRUE(pair.there.was_reset());
}

TEST(Socket, KnowsBothItsAddresses) {
  auto pair = test::tcp_pair();

  EXPECT_EQ(remote_address(pair.here.get()), pair.there.local());
  EXPECT_EQ(local_address(pair.here.get()), remote_address(pair.there.fd()));
  EXPECT_EQ(local_address(-1).family(), AF_UNSPEC);
}

TEST(Socket, CallsWantOfFilesAndMemoryAShortage) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) EXPECT_TRUE(is_resource_shortage(error));
  for (const int error : {0, EAGAIN, ECONNABORTED, EPERM}) EXPECT_FALSE(is_resource_shortage(error));
}

}  // namespace
}  // namespace tcpctl::tcp
