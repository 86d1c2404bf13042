// SPDX-License-Identifier: Apache-2.0
#include "endpoints/bound_socket.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "endpoints/hub_fixture.hpp"
#include "tcp/info.hpp"

namespace tcpctl {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
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
  EXPECT_EQ(bindings[0].error,
            "systemd:web: systemd passed no socket of this name; is its socket unit active?");
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
  const config::Listener before = *listener;
  listener->backlog = 9;
  listener->congestion = "reno";

  ASSERT_TRUE(adopt_options(bindings, *listener, before));

  EXPECT_EQ(tcp::read_info(bindings[0].socket->fd.get())->sacked, 9U);
  EXPECT_EQ(tcp::read_congestion(bindings[0].socket->fd.get()), "reno");
}

/// The options that a listener may set, as `fd` has them.
std::vector<std::string> options_of(int fd) {
  std::vector<std::string> all{tcp::read_congestion(fd)};
  for (const auto& [level, name] : {std::pair{SOL_SOCKET, SO_KEEPALIVE},
                                    {IPPROTO_TCP, TCP_KEEPIDLE},
                                    {IPPROTO_TCP, TCP_KEEPINTVL},
                                    {IPPROTO_TCP, TCP_KEEPCNT},
                                    {IPPROTO_TCP, TCP_USER_TIMEOUT}}) {
    int value = -1;
    socklen_t length = sizeof value;
    ::getsockopt(fd, level, name, &value, &length);
    all.push_back(std::to_string(value));
  }
  return all;
}

TEST_F(BoundSocketTest, WhatIsTakenAwayBecomesWhatANewSocketHas) {
  for (const std::string address : {"127.0.0.1:0", "[::1]:0"}) {
    const config::Listener plain = *listener;
    listener->keepalive = {.idle = 7s, .interval = 8s, .probes = 9};
    listener->user_timeout = 10s;
    listener->congestion = "reno";
    bind({address});
    if (!bindings[0].socket) GTEST_SKIP() << bindings[0].error;
    const int fd = bindings[0].socket->fd.get();
    EXPECT_THAT(options_of(fd), testing::ElementsAre("reno", "1", "7", "8", "9", "10000"));
    const Fd fresh{::socket(AF_INET, SOCK_STREAM, 0)};

    ASSERT_TRUE(adopt_options(bindings, plain, *listener));

    EXPECT_EQ(options_of(fd), options_of(fresh.get()));
    *listener = plain;
  }
}

TEST_F(BoundSocketTest, SetsAllOptionsOfAllSocketsOrNone) {
  listener->user_timeout = 10s;
  bind({"127.0.0.1:0", "127.0.0.1:0"});
  const config::Listener before = *listener;
  const auto had = options_of(bindings[0].socket->fd.get());
  listener->keepalive = {.idle = 7s, .interval = 8s, .probes = 9};
  listener->user_timeout.reset();
  listener->congestion = "no-such-one";

  const auto done = adopt_options(bindings, *listener, before);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::conflict);
  EXPECT_THAT(done.error().what, HasSubstr("congestion 'no-such-one'"));
  for (const auto& binding : bindings) EXPECT_EQ(options_of(binding.socket->fd.get()), had);
}

class BoundSocketOfUnixTest : public BoundSocketTest {
 protected:
  BoundSocketOfUnixTest() {
    std::string name = (fs::temp_directory_path() / "tcpctl-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = folder / "s";
    listener->listen = {parse_listen_address("unix:" + path.string()).value()};
  }
  ~BoundSocketOfUnixTest() override { fs::remove_all(folder); }
  BoundSocketOfUnixTest(const BoundSocketOfUnixTest&) = delete;
  BoundSocketOfUnixTest& operator=(const BoundSocketOfUnixTest&) = delete;

  struct stat status() const {
    struct stat found{};
    EXPECT_EQ(::lstat(path.c_str(), &found), 0);
    return found;
  }
  [[nodiscard]] mode_t mode() const { return status().st_mode & 07777U; }
  std::string refusal() {
    const auto done = try_to_bind(*listener, {});
    return done ? std::string{} : done.error().what;
  }

  fs::path folder, path;
};

TEST_F(BoundSocketOfUnixTest, ItsFileHasTheModeAndGroupOfANewOneOnceTheyAreTakenAway) {
  const mode_t mask = ::umask(027);
  bind({"unix:" + path.string()});
  const auto fresh = status();
  const config::Listener before = *listener;
  listener->unix_mode = "0604";
  const gid_t other = ::geteuid() == 0 ? 1 : ::getegid();
  if (const group* const named = ::getgrgid(other)) listener->unix_group = named->gr_name;
  ASSERT_TRUE(adopt_options(bindings, *listener, before));
  EXPECT_EQ(mode(), 0604U);
  EXPECT_EQ(status().st_gid, other);

  ASSERT_TRUE(adopt_options(bindings, before, *listener));

  EXPECT_EQ(mode(), fresh.st_mode & 07777U);
  EXPECT_EQ(status().st_gid, fresh.st_gid);
  ::umask(mask);
}

TEST_F(BoundSocketOfUnixTest, AGroupThatThereIsNotLeavesTheModeAsItWas) {
  bind({"unix:" + path.string()});
  const config::Listener before = *listener;
  const mode_t had = mode();
  listener->unix_mode = "0604";
  listener->unix_group = "no-such-group";

  const auto done = adopt_options(bindings, *listener, before);

  EXPECT_THAT(done.error().what, HasSubstr("no-such-group"));
  EXPECT_EQ(mode(), had);
}

TEST_F(BoundSocketOfUnixTest, LeavesTheFileOfAnother) {
  bind({"unix:" + path.string()});
  ASSERT_TRUE(bindings[0].socket) << bindings[0].error;
  fs::rename(path, folder / "moved");  // so that the number of its file is taken
  std::ofstream{path} << "another's";
  const config::Listener before = *listener;
  listener->unix_mode = "0604";

  EXPECT_THAT(adopt_options(bindings, *listener, before).error().what, HasSubstr("another's"));
  bindings.clear();

  EXPECT_TRUE(fs::exists(path));
  EXPECT_TRUE(fs::exists(folder / "moved")) << "nobody knows where it is now";
}

TEST_F(BoundSocketOfUnixTest, IsTriedWithoutAFile) {
  EXPECT_EQ(refusal(), "");
  EXPECT_FALSE(fs::exists(path));

  std::ofstream{path} << "no socket";
  EXPECT_THAT(refusal(), HasSubstr(errno_text(EADDRINUSE)));
  EXPECT_TRUE(fs::is_regular_file(path));
  fs::remove(path);

  bind({"unix:" + path.string()});
  EXPECT_THAT(refusal(), HasSubstr(errno_text(EADDRINUSE))) << "somebody listens there";
  EXPECT_TRUE(try_to_bind(*listener, bindings)) << "it is its own";
  fs::rename(path, folder / "moved");
  bindings.clear();
  fs::rename(folder / "moved", path);
  EXPECT_EQ(refusal(), "") << "nobody does any more";
  EXPECT_TRUE(fs::is_socket(path)) << "and it is left there";
}

TEST_F(BoundSocketOfUnixTest, IsRefusedForWhatIsInItsWay) {
  listener->unix_group = "no-such-group";
  EXPECT_THAT(refusal(), HasSubstr("no-such-group"));
  listener->unix_group.clear();

  listener->listen = {parse_listen_address("unix:" + (folder / "none" / "s").string()).value()};
  EXPECT_THAT(refusal(), HasSubstr(errno_text(ENOENT)));

  std::ofstream{folder / "file"} << "no folder";
  listener->listen = {parse_listen_address("unix:" + (folder / "file" / "s").string()).value()};
  EXPECT_THAT(refusal(), HasSubstr(errno_text(ENOTDIR)));
}

}  // namespace
}  // namespace tcpctl
