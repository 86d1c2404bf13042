// SPDX-License-Identifier: Apache-2.0
#include "upstreams/family_order.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <tuple>

#include "base/fd.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

/// A line of the default policy table.
struct Policy {
  std::string_view network;
  int precedence;
  int label;
};
// The longest prefixes first. IPv4 has the line of ::ffff:0:0/96.
constexpr std::array<Policy, 8> kPolicies{{{"::1/128", 50, 0},
                                           {"::/96", 1, 3},
                                           {"2001::/32", 5, 5},
                                           {"2002::/16", 30, 2},
                                           {"3ffe::/16", 1, 12},
                                           {"fec0::/10", 1, 11},
                                           {"fc00::/7", 3, 13},
                                           {"0.0.0.0/0", 35, 4}}};
constexpr Policy kOtherIpv6{"::/0", 40, 1};

constexpr int kLinkScope = 2;
constexpr int kGlobalScope = 14;

const Policy& policy_of(const Address& address) {
  static const auto networks = [] {
    std::array<Network, kPolicies.size()> made;
    std::ranges::transform(kPolicies, made.begin(),
                           [](const Policy& policy) { return parse_network(policy.network).value(); });
    return made;
  }();
  const auto found =
      std::ranges::find_if(networks, [&](const Network& network) { return network.contains(address); });
  return found == networks.end() ? kOtherIpv6
                                 : kPolicies.at(static_cast<std::size_t>(found - networks.begin()));
}

int scope_of(const Address& address) {
  static const std::array<Network, 2> link{parse_network("169.254.0.0/16").value(),
                                           parse_network("fe80::/10").value()};
  const bool is_link = address.is_loopback() || std::ranges::any_of(link, [&](const Network& network) {
                         return network.contains(address);
                       });
  return is_link ? kLinkScope : kGlobalScope;
}

/// The address that this host would connect from `probe`; nothing where there is no way.
std::optional<Address> source_for(const Address& address, const Fd& probe) {
  sockaddr_storage storage{};
  socklen_t length = address.to(storage);
  if (!probe || ::connect(probe.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return std::nullopt;
  length = sizeof storage;
  if (::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) return std::nullopt;
  return Address::from(storage, length);
}

/// The greater, the better. Nothing where that cannot be told just now.
using Rank = std::tuple<bool, bool, bool, int>;
std::optional<Rank> rank_of(const Address& address) {
  const Fd probe{::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!probe && tcp::is_resource_shortage(errno)) return std::nullopt;
  const auto source = source_for(address, probe);
  const Policy& policy = policy_of(address);
  return Rank{source.has_value(), source && scope_of(*source) == scope_of(address),
              source && policy_of(*source).label == policy.label, policy.precedence};
}

}  // namespace

void order_families(std::vector<Address>& addresses) {
  const auto best = [&](int family) {
    return std::ranges::find_if(addresses,
                                [&](const Address& address) { return address.family() == family; });
  };
  const auto six = best(AF_INET6);
  const auto four = best(AF_INET);
  if (six == addresses.end() || four == addresses.end()) return;
  const auto rank_of_six = rank_of(*six);
  const auto rank_of_four = rank_of(*four);
  if (!rank_of_six || !rank_of_four) return;
  const int first = *rank_of_six >= *rank_of_four ? AF_INET6 : AF_INET;
  std::ranges::stable_partition(addresses,
                                [first](const Address& address) { return address.family() == first; });
}

}  // namespace tcpctl
