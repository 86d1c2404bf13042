// SPDX-License-Identifier: Apache-2.0
#include "tcp/netstat.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tcpctl::tcp {
namespace {

constexpr auto kText =
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPHPHits\n"
    "TcpExt: 0 12 34 5678\n"
    "IpExt: InNoRoutes ListenDrops\n"
    "IpExt: 1 99\n";

TEST(Netstat, FindsItsCountersByName) {
  const auto losses = parse_netstat(kText);

  ASSERT_TRUE(losses);
  EXPECT_EQ(losses->overflows, 12U);
  EXPECT_EQ(losses->drops, 34U);
}

TEST(Netstat, TakesAnyOrderAndTheLargestNumber) {
  const auto losses = parse_netstat(
      "IpExt: a\nIpExt: 1\nTcpExt: ListenDrops  x ListenOverflows\n"
      "TcpExt:  18446744073709551615 -1 7");

  ASSERT_TRUE(losses);
  EXPECT_EQ(losses->drops, UINT64_MAX);
  EXPECT_EQ(losses->overflows, 7U);
}

TEST(Netstat, RefusesWhatIsNone) {
  for (const char* const text :
       {"", "\n\n\n", "TcpExt:", "TcpExt: ListenOverflows ListenDrops\n",
        "TcpExt: ListenOverflows ListenDrops", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1\n",
        "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 x\n",
        "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 -2\n",
        "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 2x\n",
        "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 18446744073709551616\n",
        "TcpExt: ListenOverflow ListenDrop\nTcpExt: 1 2\n",
        "IpExt: ListenOverflows ListenDrops\nIpExt: 1 2\n",
        "XTcpExt: ListenOverflows ListenDrops\nXTcpExt: 1 2\n"}) {
    const auto losses = parse_netstat(text);
    ASSERT_FALSE(losses) << text;
    EXPECT_EQ(losses.error().code, Errc::invalid_argument);
  }
}

TEST(Netstat, IsReadFromTheKernel) { EXPECT_TRUE(read_listen_losses()); }

TEST(Netstat, SaysWhatCannotBeRead) {
  const auto none = read_listen_losses("/nonexistent");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("/nonexistent"), std::string::npos);

  const auto endless = read_listen_losses("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace tcpctl::tcp
