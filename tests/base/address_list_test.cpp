// SPDX-License-Identifier: Apache-2.0
#include "base/address_list.hpp"

#include <string>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;

AddressList list(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const auto& text : texts) addresses.push_back(parse_ip_port(text).value());
  return AddressList{addresses};
}

std::vector<std::string> order(const AddressList& addresses, std::size_t turn = 0) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < addresses.size(); ++i) texts.push_back(addresses.at(turn, i).host());
  return texts;
}

TEST(AddressList, LetsTheFamiliesTakeTurns) {
  EXPECT_THAT(order(list({"[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1", "10.0.0.2:1"})),
              ElementsAre("::1", "10.0.0.1", "::2", "10.0.0.2", "::3"));
}

TEST(AddressList, BeginsWithTheFamilyOfTheBestAddress) {
  EXPECT_THAT(order(list({"10.0.0.1:1", "[::1]:1", "10.0.0.2:1", "10.0.0.3:1"})),
              ElementsAre("10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"));
}

TEST(AddressList, TriesTheRestOfTheLongerFamilyLast) {
  EXPECT_THAT(order(list({"[::1]:1", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"})),
              ElementsAre("::1", "10.0.0.1", "10.0.0.2", "10.0.0.3"));
}

TEST(AddressList, BeginsWithAnotherAddressOfEachFamilyAtEachTurn) {
  const auto addresses = list({"[::1]:1", "[::2]:1", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"});

  EXPECT_THAT(order(addresses, 1), ElementsAre("::2", "10.0.0.2", "::1", "10.0.0.3", "10.0.0.1"));
  EXPECT_THAT(order(addresses, 2), ElementsAre("::1", "10.0.0.3", "::2", "10.0.0.1", "10.0.0.2"));
}

TEST(AddressList, HoldsASingleAddressOrNone) {
  EXPECT_THAT(order(list({"10.0.0.1:1"}), 7), ElementsAre("10.0.0.1"));
  EXPECT_TRUE(list({}).empty());
}

TEST(AddressList, IsTheSameSetInAnotherOrder) {
  EXPECT_TRUE(list({"10.0.0.1:1", "[::1]:1"}).same_set(list({"[::1]:1", "10.0.0.1:1"})));
  EXPECT_FALSE(list({"10.0.0.1:1", "[::1]:1"}).same_set(list({"10.0.0.1:1"})));
  EXPECT_FALSE(list({"10.0.0.1:1"}).same_set(list({"10.0.0.1:2"})));
}

}  // namespace
}  // namespace tcpctl
