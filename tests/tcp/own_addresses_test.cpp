// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/tcp_peer.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::tcp {
namespace {

using testing::HasSubstr;

Address ip(const char* text) { return parse_ip_port(text).value(); }

TEST(OwnAddresses, AreReachedByTheirAddressAndThroughTheWildcard) {
  EXPECT_TRUE(reaches(ip("127.0.0.1:80"), ip("127.0.0.1:80"), {}));
  EXPECT_FALSE(reaches(ip("127.0.0.1:81"), ip("127.0.0.1:80"), {}));
  EXPECT_FALSE(reaches(ip("127.0.0.2:80"), ip("127.0.0.1:80"), {}));
  EXPECT_TRUE(reaches(ip("0.0.0.0:80"), ip("127.0.0.1:80"), {}));
  EXPECT_TRUE(reaches(ip("127.0.0.2:80"), ip("0.0.0.0:80"), {}));
  EXPECT_TRUE(reaches(ip("127.0.0.1:80"), ip("[::]:80"), {}));
  EXPECT_FALSE(reaches(ip("192.0.2.1:80"), ip("0.0.0.0:80"), {}));
  EXPECT_TRUE(reaches(ip("192.0.2.1:80"), ip("0.0.0.0:80"), {ip("192.0.2.1:0")}));
  EXPECT_TRUE(reaches(Address::unix_path("/a"), Address::unix_path("/a"), {}));
  EXPECT_FALSE(reaches(Address::unix_path("/a"), Address::unix_path("/b"), {}));
  EXPECT_FALSE(reaches(ip("127.0.0.1:80"), Address{}, {}));
}

TEST(OwnAddresses, AreReachedByEachSpellingOfTheirPathAndByLinks) {
  const std::string folder = testing::TempDir() + "own_addresses." + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  const std::string path = folder + "/api.sock";
  std::ofstream{path}.put('\n');
  ASSERT_EQ(::symlink(path.c_str(), (folder + "/link").c_str()), 0);
  const OwnAddresses own{{Address::unix_path(path)}};

  EXPECT_TRUE(is_own(Address::unix_path(folder + "//./api.sock")));
  EXPECT_TRUE(is_own(Address::unix_path(folder + "/link")));
  EXPECT_FALSE(is_own(Address::unix_path(folder + "/other.sock")));
  std::filesystem::remove_all(folder);
}

/// Gives loopback one more address; in a network namespace that is thrown away.
bool add_address(const char* alias, const char* text) {
  const Fd socket{::socket(AF_INET, SOCK_DGRAM, 0)};
  ifreq request{};
  std::strncpy(request.ifr_name, alias, sizeof request.ifr_name - 1);
  auto* const address = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  address->sin_family = AF_INET;
  return ::inet_pton(AF_INET, text, &address->sin_addr) == 1 &&
         ::ioctl(socket.get(), SIOCSIFADDR, &request) == 0;
}

TEST(OwnAddresses, AreReachedByAnAddressThatTheHostGotLater) {
  constexpr int kNoNamespace = 77;
  const auto run = [] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return kNoNamespace;
    const OwnAddresses own{{ip("0.0.0.0:80")}};
    if (is_own(ip("192.0.2.1:80"))) return 1;
    if (!add_address("lo:1", "192.0.2.1")) return kNoNamespace;
    return is_own(ip("192.0.2.1:80")) && !is_own(ip("192.0.2.1:81")) && !is_own(ip("192.0.2.2:80")) ? 0 : 2;
  };

  const pid_t child = ::fork();
  if (child == 0) std::_Exit(run());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoNamespace) GTEST_SKIP() << "no network namespace to be had";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(OwnAddresses, AreNotConnectedToWhileTheyStand) {
  const test::PlainListener listener;
  {
    const OwnAddresses own{{listener.address()}};

    const auto refused = connect_to(listener.address(), {});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(refused.error().what, HasSubstr("own API"));
  }
  EXPECT_TRUE(connect_to(listener.address(), {}));
}

}  // namespace
}  // namespace tcpctl::tcp
