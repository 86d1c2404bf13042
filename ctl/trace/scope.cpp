// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/scope.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <ifaddrs.h>

namespace tcpctl::ctl::trace {
namespace {

bool is_wildcard(const Address& address) {
  const auto any =
      address.family() == AF_INET6 ? Address::from(in6addr_any, 0) : Address::from(in_addr{INADDR_ANY}, 0);
  return address.same_host(any);
}

bool is_one(const std::vector<Address>& wanted, const Address& end) {
  return std::ranges::any_of(wanted, [&](const Address& each) { return fits(each, end); });
}

bool is_host(const std::vector<Address>& hosts, const Address& end) {
  return std::ranges::any_of(hosts, [&](const Address& each) { return each.same_host(end); });
}

const Scope::Pair* pair_of(const Scope& scope, const Segment& segment) {
  const auto found = std::ranges::find_if(scope.pairs, [&](const Scope::Pair& pair) {
    return (pair.local == segment.from && pair.remote == segment.to) ||
           (pair.local == segment.to && pair.remote == segment.from);
  });
  return found == scope.pairs.end() ? nullptr : &*found;
}

/// Whether the sender of a segment without SYN is the initiator.
bool sender_opened(const Scope& scope, const Segment& segment) {
  const auto listens = [&](const Address& end) {
    return is_one(scope.accepting, end) || is_one(scope.connecting, end) || is_one(scope.given, end);
  };
  const bool to = listens(segment.to);
  const bool from = listens(segment.from);
  return to != from ? to : segment.from.port() >= segment.to.port();
}

Standing standing_of(const Scope::Pair& pair, const Segment& segment) {
  const auto& initiator = pair.inbound ? pair.remote : pair.local;
  return {pair.inbound ? Standing::Role::accepted : Standing::Role::connected, segment.from == initiator,
          pair.inbound ? 1U : 0U};
}

std::string_view family_of(const Address& address) { return address.family() == AF_INET6 ? "ip6" : "ip"; }

/// "(ip and src host 10.0.0.1 and src port 80)"
std::string end_text(std::string_view side, const Address& end) {
  if (is_wildcard(end)) return fmt::format("({} and {} port {})", family_of(end), side, end.port());
  return fmt::format("({} {} host {} and {} port {})", family_of(end), side, end.host(), side, end.port());
}

void add(std::string& words, const std::string& word) {
  words.append(words.empty() ? "" : " or ").append(word);
}

}  // namespace

bool fits(const Address& wanted, const Address& end) {
  if (wanted.port() != end.port() || wanted.family() != end.family()) return false;
  return is_wildcard(wanted) || wanted.same_host(end);
}

Standing standing(const Scope& scope, const Segment& first) {
  if (const auto* const pair = pair_of(scope, first)) return standing_of(*pair, first);
  const bool syn = first.has(Segment::kSyn);
  Standing result;
  result.sender_opened = syn ? !first.has(Segment::kAck) : sender_opened(scope, first);
  const auto& responder = result.sender_opened ? first.to : first.from;
  const auto& initiator = result.sender_opened ? first.from : first.to;
  if (is_one(scope.accepting, responder)) {
    result.role = Standing::Role::accepted;
    result.ours = 1;
  } else if (is_one(scope.connecting, responder)) {
    result.role = Standing::Role::connected;
    result.ours = 0;
  } else if (is_host(scope.own, responder)) {
    result.ours = 1;
  } else if (is_host(scope.own, initiator)) {
    result.ours = 0;
  }
  return result;
}

std::string filter_expression(const Scope& scope) {
  std::string words;
  for (const auto* const ends : {&scope.accepting, &scope.connecting, &scope.given}) {
    for (const auto& end : *ends) {
      add(words, end_text("src", end));
      add(words, end_text("dst", end));
    }
  }
  for (const auto& pair : scope.pairs) {
    add(words, fmt::format("({} and {})", end_text("src", pair.local), end_text("dst", pair.remote)));
    add(words, fmt::format("({} and {})", end_text("src", pair.remote), end_text("dst", pair.local)));
  }
  return words.empty() ? "tcp" : fmt::format("tcp and ({})", words);
}

Address unscoped(const Address& address) {
  if (address.family() != AF_INET6) return address;
  sockaddr_storage storage{};
  (void)address.to(storage);
  sockaddr_in6 ip{};
  std::memcpy(&ip, &storage, sizeof ip);
  return Address::from(ip.sin6_addr, address.port());
}

std::optional<Address> tcp_address(std::string_view text) {
  const auto address = parse_ip_port(text);
  if (!address) return std::nullopt;
  return unscoped(*address);
}

std::vector<Address> own_hosts() {
  std::vector<Address> hosts;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return hosts;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list{first, &::freeifaddrs};
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    const std::size_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&storage, one->ifa_addr, length);
    hosts.push_back(unscoped(Address::from(storage, static_cast<socklen_t>(length))));
  }
  return hosts;
}

}  // namespace tcpctl::ctl::trace
