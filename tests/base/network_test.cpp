// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/address.hpp"

namespace tcpctl {
namespace {

bool holds(std::string_view network, std::string_view host) {
  return parse_network(network).value().contains(parse_ip_port(host).value());
}

std::string refusal(std::string_view text) {
  const auto parsed = parse_network(text);
  return parsed ? "taken as " + parsed->text() : parsed.error().what;
}

TEST(Network, HoldsTheAddressesBelowItsLength) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.255.255:1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0:1"));
  EXPECT_TRUE(holds("10.1.2.128/25", "10.1.2.129:1"));
  EXPECT_FALSE(holds("10.1.2.128/25", "10.1.2.127:1"));
  EXPECT_TRUE(holds("fd00::/8", "[fd12::1]:1"));
  EXPECT_FALSE(holds("fd00::/8", "[fe80::1]:1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "255.255.255.255:1"));
  EXPECT_TRUE(holds("::/0", "[2001:db8::1]:1"));
}

TEST(Network, OneAddressNeedsNoLength) {
  EXPECT_EQ(parse_network("::1")->text(), "::1/128");
  EXPECT_EQ(parse_network("10.0.0.7")->text(), "10.0.0.7/32");
  EXPECT_TRUE(holds("10.0.0.7", "10.0.0.7:1"));
  EXPECT_FALSE(holds("10.0.0.7", "10.0.0.6:1"));
}

TEST(Network, KeepsFamiliesApart) {
  EXPECT_FALSE(holds("::/0", "10.0.0.1:1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "[::1]:1"));
  EXPECT_FALSE(parse_network("0.0.0.0/0")->contains(Address::unix_path("/run/x.sock")));
}

TEST(Network, AMappedNetworkIsIpv4) {
  EXPECT_EQ(parse_network("::ffff:10.0.0.0/104")->text(), "10.0.0.0/8");
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "10.9.9.9:1"));
  EXPECT_EQ(parse_network("::ffff:0:0/96").value(), parse_network("0.0.0.0/0").value());
}

TEST(Network, SaysWhatWouldBeRight) {
  EXPECT_EQ(refusal("10.0.0.1/8"),
            "network '10.0.0.1/8': bits beyond the length are set, write '10.0.0.0/8'");
  EXPECT_EQ(refusal("10.0.0.0/33"), "network '10.0.0.0/33': the length is 0 to 32");
  EXPECT_EQ(refusal("::/129"), "network '::/129': the length is 0 to 128");
  EXPECT_EQ(refusal("10.0.0.0/"), "network '10.0.0.0/': the length is 0 to 32");
  EXPECT_EQ(refusal("10.0.0/8"),
            "network '10.0.0/8': write an address and a length, like '10.0.0.0/8' or 'fd00::/8'");
  EXPECT_EQ(refusal("localhost"),
            "network 'localhost': write an address and a length, like '10.0.0.0/8' or 'fd00::/8'");
}

}  // namespace
}  // namespace tcpctl
