// SPDX-License-Identifier: Apache-2.0
#include "ctl/host.hpp"

#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tcpctl::ctl {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// A bound Unix socket in a folder of its own; `listens` or not.
class Bound {
 public:
  explicit Bound(bool listens) : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    std::string folder = std::filesystem::temp_directory_path() / "tcpctl-host-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().c_str(), path().size() + 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (listens) {
      EXPECT_EQ(::listen(fd_.get(), 0), 0);
    }
  }
  ~Bound() { std::filesystem::remove_all(folder_); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  [[nodiscard]] std::string path() const { return folder_ + "/s"; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] Host host() const { return *parse_host("unix:" + path()); }

 private:
  Fd fd_;
  std::string folder_;
};

/// Not root for as long as it lives: root may connect to any socket.
class Nobody {
 public:
  Nobody() { EXPECT_EQ(::seteuid(65534), 0); }
  ~Nobody() { EXPECT_EQ(::seteuid(0), 0); }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
};

TEST(Host, ReadsAUnixSocketAndALoopbackAddress) {
  EXPECT_EQ(parse_host("unix:/run/x.sock")->path, "/run/x.sock");
  EXPECT_EQ(parse_host("http://127.0.0.1:9810")->port, 9810);
  EXPECT_EQ(parse_host("http://localhost:9810/")->name, "localhost");
  EXPECT_EQ(parse_host("http://[::1]:9810")->name, "::1");
}

TEST(Host, WritesItselfAsItWasRead) {
  for (const auto* text : {"unix:/run/x.sock", "http://127.0.0.1:9810", "http://[::1]:9810"}) {
    EXPECT_EQ(parse_host(text)->text(), text);
  }
  EXPECT_EQ(parse_host("http://[::1]:9810")->header(), "[::1]:9810");
  EXPECT_EQ(parse_host("unix:/run/x.sock")->header(), "localhost");
}

TEST(Host, RefusesNonsenseAndSaysHowAHostIsWritten) {
  for (const auto* text : {"", "x", "/run/x.sock", "unix:", "http://", "http://:80", "http://a", "http://a:0",
                           "http://a:65536", "http://a:8x", "http://::1:80", "http://[::1]", "http://a b:80",
                           "http://a/b:80", "http://user@a:80", "https://a:80", "ftp://a:80"}) {
    const auto host = parse_host(text);
    ASSERT_FALSE(host) << text;
    EXPECT_EQ(host.error().exit, Exit::usage);
    EXPECT_THAT(host.error().line, HasSubstr("write unix:PATH or http://HOST:PORT"));
  }
  EXPECT_FALSE(parse_host("unix:/" + std::string(107, 'x')));
}

TEST(Host, TellsThatNoSocketIsThere) {
  const auto fd = connect_to(*parse_host("unix:/nonexistent/api.sock"), milliseconds{100});

  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().exit, Exit::unreachable);
  EXPECT_EQ(
      fd.error().line,
      "cannot reach unix:/nonexistent/api.sock: no such file; is tcpctld running? systemctl status tcpctld");
}

TEST(Host, TellsThatNobodyListensOnASocketThatIsThere) {
  const Bound bound{false};

  const auto fd = connect_to(bound.host(), milliseconds{100});

  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().exit, Exit::unreachable);
  EXPECT_THAT(fd.error().line, HasSubstr("connection refused; is tcpctld running?"));
}

TEST(Host, TellsHowToBeAllowedWhereTheSocketsModeForbidsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "changes its user, which asks for root";
  const Bound bound{true};
  std::filesystem::permissions(bound.folder(), std::filesystem::perms::owner_all);
  const Nobody nobody;

  const auto fd = connect_to(bound.host(), milliseconds{100});

  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().exit, Exit::not_allowed);
  EXPECT_THAT(fd.error().line, HasSubstr("permission denied; add yourself to the group tcpctl or use sudo"));
}

TEST(Host, GivesUpOnADaemonThatAcceptsNobody) {
  const Bound bound{true};
  std::vector<Fd> queued;
  while (true) {
    auto fd = connect_to(bound.host(), milliseconds{20});
    if (!fd) {
      EXPECT_EQ(fd.error().exit, Exit::unreachable);
      EXPECT_THAT(fd.error().line, HasSubstr("no answer in time"));
      break;
    }
    queued.push_back(*std::move(fd));
    ASSERT_LT(queued.size(), 100U);
  }
}

TEST(Host, TellsThatAPortIsClosed) {
  const Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto host = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));

  const auto connected = connect_to(*parse_host(host), milliseconds{1000});

  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().exit, Exit::unreachable);
  EXPECT_THAT(connected.error().line, HasSubstr("cannot reach " + host + ": connection refused"));
}

}  // namespace
}  // namespace tcpctl::ctl
