// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/tcp_peer.hpp"
#include "tcp/info.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::tcp {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ListenTest : public testing::Test {
 protected:
  ListenTest() {
    std::string name = (fs::temp_directory_path() / "tcpctl-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = folder / "socket";
    address = Address::unix_path(path.string());
  }
  ~ListenTest() override { fs::remove_all(folder); }
  ListenTest(const ListenTest&) = delete;
  ListenTest& operator=(const ListenTest&) = delete;

  fs::path folder, path;
  Address address;
};

TEST_F(ListenTest, ReplacesASocketFileThatNobodyAnswersOn) {
  {
    const auto dead = listen_on(address, {});
    ASSERT_TRUE(dead);
  }
  ASSERT_TRUE(fs::is_socket(path)) << "it stays behind";

  const auto fresh = listen_on(address, {});

  ASSERT_TRUE(fresh) << fresh.error().what;
  EXPECT_NO_THROW(test::connect_plain(address));
}

TEST_F(ListenTest, LeavesASocketThatSomebodyAnswersOn) {
  const auto live = listen_on(address, {});
  ASSERT_TRUE(live);

  const auto second = listen_on(address, {});

  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr(errno_text(EADDRINUSE)));
  EXPECT_NO_THROW(test::connect_plain(address));
}

TEST_F(ListenTest, LeavesASocketWhoseQueueIsFull) {
  const test::PlainListener full{0, address};
  std::vector<Fd> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_storage storage{};
    const socklen_t length = address.to(storage);
    (void)::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&storage), length);
  }

  EXPECT_FALSE(listen_on(address, {}));
  EXPECT_TRUE(fs::is_socket(path));
}

TEST_F(ListenTest, LeavesAFileThatIsNoSocket) {
  std::ofstream{path} << "precious";

  const auto fd = listen_on(address, {});

  EXPECT_FALSE(fd);
  EXPECT_EQ(fs::file_size(path), 8U);
}

TEST_F(ListenTest, GivesTheSocketFileItsMode) {
  const auto fd = listen_on(address, {.inherited = {}, .unix_mode = "0600", .unix_group = ""});

  ASSERT_TRUE(fd) << fd.error().what;
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ListenTest, LeavesNoFileWhereItsGroupIsUnknown) {
  const auto fd = listen_on(address, {.inherited = {}, .unix_mode = "", .unix_group = "no-such-group"});

  ASSERT_FALSE(fd);
  EXPECT_THAT(fd.error().what, HasSubstr("no-such-group"));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ListenTest, TakesNoSynAnyMoreWhileHandshakesMayComplete) {
  const test::PlainListener listener;
  const Fd before = test::connect_plain(listener.address());

  take_only(Taken::handshakes_under_way, listener.fd());

  const Fd after = test::connect_plain(listener.address(), false);
  EXPECT_EQ(read_state(before.get()), State::established);
  EXPECT_EQ(read_state(after.get()), State::syn_sent);
}

TEST_F(ListenTest, AnAcceptedSocketIsFreedOfTheFilterItInherited) {
  test::PlainListener listener;
  test::Peer peer{test::connect_plain(listener.address())};
  const Fd accepted = listener.accept();
  ASSERT_TRUE(accepted);
  take_only(Taken::nothing, accepted.get());

  take_all_segments(accepted.get());

  peer.write("hello");
  pollfd readable{accepted.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, -1), 1);
}

TEST_F(ListenTest, KeepsIpv6ToItself) {
  const auto six = listen_on(parse_ip_port("[::]:0").value(), {});
  if (!six) GTEST_SKIP() << six.error().what;
  const Address four = Address::from(in_addr{INADDR_ANY}, local_address(six->get()).port());

  EXPECT_TRUE(listen_on(four, {}));
}

}  // namespace
}  // namespace tcpctl::tcp
