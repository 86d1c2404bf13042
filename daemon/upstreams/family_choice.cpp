// SPDX-License-Identifier: Apache-2.0
#include "upstreams/family_choice.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tcpctl {
namespace {

constexpr std::array kChoices{std::pair{std::string_view{"any"}, FamilyChoice::any},
                              std::pair{std::string_view{"prefer_ipv4"}, FamilyChoice::prefer_ipv4},
                              std::pair{std::string_view{"prefer_ipv6"}, FamilyChoice::prefer_ipv6},
                              std::pair{std::string_view{"ipv4"}, FamilyChoice::ipv4},
                              std::pair{std::string_view{"ipv6"}, FamilyChoice::ipv6}};

}  // namespace

FamilyChoice family_choice(std::string_view text) {
  const auto* const found =
      std::ranges::find(kChoices, text, &std::pair<std::string_view, FamilyChoice>::first);
  return found == kChoices.end() ? FamilyChoice::any : found->second;
}

std::shared_ptr<const AddressList> choose(const std::shared_ptr<const AddressList>& host,
                                          FamilyChoice choice) {
  if (choice == FamilyChoice::any) return host;
  const bool is_four = choice == FamilyChoice::ipv4 || choice == FamilyChoice::prefer_ipv4;
  const int wanted = is_four ? AF_INET : AF_INET6;
  const int other = is_four ? AF_INET6 : AF_INET;
  auto addresses = host->all();
  const bool is_alone = choice == FamilyChoice::ipv4 || choice == FamilyChoice::ipv6;
  if (is_alone) {
    std::erase_if(addresses, [other](const Address& address) { return address.family() == other; });
  } else {
    std::ranges::stable_partition(addresses,
                                  [wanted](const Address& address) { return address.family() == wanted; });
  }
  return addresses == host->all() ? host : std::make_shared<const AddressList>(addresses);
}

}  // namespace tcpctl
