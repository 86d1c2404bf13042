// SPDX-License-Identifier: Apache-2.0
#include "upstreams/family_order.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;

std::vector<std::string> ordered(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const auto& text : texts) addresses.push_back(parse_ip_port(text).value());
  order_families(addresses);
  std::vector<std::string> after;
  for (const auto& address : addresses) after.push_back(address.text());
  return after;
}

// Those of loopback can be reached everywhere, and multicast of a link that is not there nowhere.
TEST(FamilyOrder, TakesIpv6FirstWhereBothCanBeReached) {
  EXPECT_THAT(ordered({"127.0.0.1:1", "127.0.0.2:1", "[::1]:1"}),
              ElementsAre("[::1]:1", "127.0.0.1:1", "127.0.0.2:1"));
}

TEST(FamilyOrder, TakesTheFamilyFirstThatCanBeReached) {
  EXPECT_THAT(ordered({"[fe80::1]:1", "127.0.0.1:1"}), ElementsAre("127.0.0.1:1", "[fe80::1]:1"))
      << "an address of no link";
}

TEST(FamilyOrder, KeepsTheOrderWithinAFamily) {
  EXPECT_THAT(ordered({"127.0.0.3:1", "[::1]:1", "127.0.0.1:1", "127.0.0.2:1"}),
              ElementsAre("[::1]:1", "127.0.0.3:1", "127.0.0.1:1", "127.0.0.2:1"));
}

TEST(FamilyOrder, LeavesOneFamilyAlone) {
  EXPECT_THAT(ordered({"127.0.0.2:1", "127.0.0.1:1"}), ElementsAre("127.0.0.2:1", "127.0.0.1:1"));
  EXPECT_THAT(ordered({}), ElementsAre());
}

}  // namespace
}  // namespace tcpctl
