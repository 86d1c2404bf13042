// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

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
