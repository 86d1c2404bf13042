// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bound_socket.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "endpoints/hub_fixture.hpp"
#include "tcp/info.hpp"

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class BoundSocketTest : public test::HubFixture {
 protected:
  void bind(const std::vector<std::string>& addresses) {
    listener->listen.clear();
    for (const auto& text : addresses) listener->listen.push_back(parse_listen_address(text).value());
    bindings = bindings_of(*listener);
    bind_missing(bindings, *listener);
  }
};

TEST_F(BoundSocketTest, BindsEachAddressAndShowsTheFreePort) {
  bind({"127.0.0.1:0", "127.0.0.1:0"});

  ASSERT_EQ(bindings.size(), 2U);
  EXPECT_EQ(bindings[0].configured, "127.0.0.1:0");
  ASSERT_TRUE(bindings[0].socket);
  ASSERT_TRUE(bindings[1].socket);
  EXPECT_NE(bindings[0].socket->bound.port(), 0);
  EXPECT_NE(bindings[0].socket->bound, bindings[1].socket->bound);
}

TEST_F(BoundSocketTest, SharesOneFreePortAmongBothFamilies) {
  bind({"*:0"});

  ASSERT_EQ(bindings.size(), 2U);
  ASSERT_TRUE(bindings[0].socket);
  if (!bindings[1].socket) GTEST_SKIP() << bindings[1].error;
  EXPECT_EQ(bindings[0].socket->bound.family(), AF_INET);
  EXPECT_EQ(bindings[1].socket->bound.family(), AF_INET6);
  EXPECT_EQ(bindings[0].socket->bound.port(), bindings[1].socket->bound.port());
  EXPECT_EQ(bindings[1].configured, "*:0");
}

TEST_F(BoundSocketTest, TakesAnotherPortWhereTheFirstIsInUseOnIpv6) {
  std::vector<Fd> taken;
  const ListenOn listen_on = [&](const Address& address, const tcp::ListenOptions& options) {
    if (address.family() == AF_INET6 && taken.size() < 3) {
      taken.push_back(tcp::listen_on(address, options).value_or(Fd{}));
    }
    return tcp::listen_on(address, options);
  };
  listener->listen = {parse_listen_address("*:0").value()};
  bindings = bindings_of(*listener);

  bind_missing(bindings, *listener, listen_on);

  if (!taken.at(0)) GTEST_SKIP() << bindings[1].error;
  ASSERT_TRUE(bindings[0].socket) << bindings[0].error;
  ASSERT_TRUE(bindings[1].socket) << bindings[1].error;
  EXPECT_EQ(taken.size(), 3U);
  EXPECT_EQ(bindings[0].socket->bound.port(), bindings[1].socket->bound.port());
  EXPECT_NE(bindings[0].socket->bound.port(), tcp::local_address(taken[0].get()).port());
}

TEST_F(BoundSocketTest, GivesUpTheFreePortThatIpv6NeverGets) {
  int attempts = 0;
  const ListenOn listen_on = [&](const Address& address, const tcp::ListenOptions& options) -> Result<Fd> {
    if (address.family() == AF_INET) return tcp::listen_on(address, options);
    ++attempts;
    return fail(Errc::already_exists, "cannot listen on " + address.text() + ": in use");
  };
  listener->listen = {parse_listen_address("*:0").value()};
  bindings = bindings_of(*listener);

  bind_missing(bindings, *listener, listen_on);

  EXPECT_GT(attempts, 1);
  EXPECT_FALSE(bindings[0].socket);
  EXPECT_FALSE(bindings[1].socket);
  EXPECT_THAT(bindings[0].error, HasSubstr("in use"));
}

TEST_F(BoundSocketTest, KeepsTheIpv4SocketOfAnEarlierPassWhereIpv6IsInUse) {
  Errc why = Errc::io;
  const ListenOn listen_on = [&](const Address& address, const tcp::ListenOptions& options) -> Result<Fd> {
    if (address.family() == AF_INET) return tcp::listen_on(address, options);
    return fail(why, "not now");
  };
  listener->listen = {parse_listen_address("*:0").value()};
  bindings = bindings_of(*listener);
  bind_missing(bindings, *listener, listen_on);
  const auto kept = bindings[0].socket;
  ASSERT_TRUE(kept);
  why = Errc::already_exists;

  bind_missing(bindings, *listener, listen_on);

  EXPECT_EQ(bindings[0].socket, kept);
  EXPECT_EQ(bindings[1].error, "not now");
}

TEST_F(BoundSocketTest, SaysWhyOneFailsAndBindsTheOthers) {
  const test::PlainListener other;
  bind({other.address().text(), "127.0.0.1:0"});

  EXPECT_FALSE(bindings[0].socket);
  EXPECT_THAT(bindings[0].error, HasSubstr(errno_text(EADDRINUSE)));
  EXPECT_TRUE(bindings[1].socket);
  EXPECT_EQ(bindings[1].error, "");
}

TEST_F(BoundSocketTest, TriesAgainOnlyWhatFailed) {
  auto other = std::make_unique<test::PlainListener>();
  bind({other->address().text(), "127.0.0.1:0"});
  const auto kept = bindings[1].socket;
  other.reset();

  bind_missing(bindings, *listener);

  EXPECT_TRUE(bindings[0].socket);
  EXPECT_EQ(bindings[0].error, "");
  EXPECT_EQ(bindings[1].socket, kept);
}

TEST_F(BoundSocketTest, SaysThatSystemdPassedNoSuchSocket) {
  bind({"systemd:web"});

  EXPECT_FALSE(bindings[0].socket);
  EXPECT_EQ(bindings[0].error, "systemd:web: systemd passed no socket of this name");
}

TEST_F(BoundSocketTest, TakesTheFileOfAUnixSocketWithIt) {
  std::string name = (fs::temp_directory_path() / "tcpctl-XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  bind({"unix:" + (folder / "s").string()});
  ASSERT_TRUE(bindings[0].socket) << bindings[0].error;
  EXPECT_TRUE(fs::is_socket(folder / "s"));

  bindings.clear();

  EXPECT_FALSE(fs::exists(folder / "s"));
  fs::remove_all(folder);
}

TEST_F(BoundSocketTest, GivesNewOptionsToASocketThatStays) {
  bind({"127.0.0.1:0"});
  listener->backlog = 9;
  listener->congestion = "reno";

  adopt_options(*bindings[0].socket, *listener);

  EXPECT_EQ(tcp::read_info(bindings[0].socket->fd.get())->sacked, 9U);
  EXPECT_EQ(tcp::read_congestion(bindings[0].socket->fd.get()), "reno");
}

}  // namespace
}  // namespace tcpctl
