// SPDX-License-Identifier: Apache-2.0
#include "upstreams/family_choice.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> chosen(const std::vector<std::string>& host, std::string_view choice) {
  std::vector<Address> addresses;
  for (const auto& text : host) addresses.push_back(parse_connect_address(text)->address);
  const auto list = choose(std::make_shared<const AddressList>(addresses), family_choice(choice));
  std::vector<std::string> tried;
  for (std::size_t i = 0; i < list->size(); ++i) tried.push_back(list->at(0, i).text());
  return tried;
}

TEST(FamilyChoice, LeavesTheOrderAloneWhereAnyWillDo) {
  EXPECT_THAT(chosen({"[::1]:1", "1.1.1.1:1"}, "any"), ElementsAre("[::1]:1", "1.1.1.1:1"));
}

TEST(FamilyChoice, PutsThePreferredFamilyFirst) {
  EXPECT_THAT(chosen({"[::1]:1", "1.1.1.1:1", "2.2.2.2:1"}, "prefer_ipv4"),
              ElementsAre("1.1.1.1:1", "[::1]:1", "2.2.2.2:1"));
  EXPECT_THAT(chosen({"1.1.1.1:1", "[::1]:1"}, "prefer_ipv6"), ElementsAre("[::1]:1", "1.1.1.1:1"));
}

TEST(FamilyChoice, LeavesOneFamilyAlone) {
  EXPECT_THAT(chosen({"[::1]:1", "1.1.1.1:1", "2.2.2.2:1"}, "ipv4"), ElementsAre("1.1.1.1:1", "2.2.2.2:1"));
  EXPECT_THAT(chosen({"1.1.1.1:1"}, "ipv6"), IsEmpty());
}

TEST(FamilyChoice, LeavesAPathAlone) { EXPECT_THAT(chosen({"unix:/a"}, "ipv6"), ElementsAre("unix:/a")); }

}  // namespace
}  // namespace tcpctl
