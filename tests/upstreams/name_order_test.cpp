// SPDX-License-Identifier: Apache-2.0
#include "upstreams/name_order.hpp"

#include <map>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

NameEntry entry(std::uint16_t priority, std::uint16_t weight, bool known = true) {
  std::vector<Address> addresses;
  if (known) addresses.push_back(parse_ip_port("192.0.2.1:80").value());
  return {"a.example", 80, std::make_shared<const AddressList>(addresses), priority, weight};
}

TEST(NameOrder, GoesByPriority) {
  std::minstd_rand random{1};

  EXPECT_THAT(attempt_order({entry(20, 100), entry(10, 0), entry(30, 5)}, random), ElementsAre(1, 0, 2));
}

TEST(NameOrder, LeavesOutWhoHasNoAddress) {
  std::minstd_rand random{1};

  EXPECT_THAT(attempt_order({entry(10, 1, false), entry(20, 1)}, random), ElementsAre(1));
  EXPECT_THAT(attempt_order({}, random), IsEmpty());
}

TEST(NameOrder, DrawsByWeightWithinAPriority) {
  std::minstd_rand random{1};
  std::map<std::size_t, int> first;
  for (int i = 0; i < 4000; ++i)
    ++first[attempt_order({entry(10, 1), entry(10, 3), entry(10, 0)}, random).front()];

  EXPECT_NEAR(first[1] / double(first[0]), 3.0, 0.6);
  EXPECT_GT(first[2], 0) << "weight 0 has a small chance";
}

TEST(NameOrder, NamesEachOnceWhateverTheWeights) {
  std::minstd_rand random{1};
  for (int i = 0; i < 100; ++i) {
    auto order = attempt_order({entry(0, 0), entry(0, 0), entry(0, 65535), entry(0, 1)}, random);
    std::ranges::sort(order);
    EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
  }
}

}  // namespace
}  // namespace tcpctl
