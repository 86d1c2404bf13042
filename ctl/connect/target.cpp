// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/target.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

struct AddressesFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::string_view name_of(int family) { return family == AF_INET ? "IPv4" : "IPv6"; }

Address from(const addrinfo& entry) {
  sockaddr_storage storage{};
  std::memcpy(&storage, entry.ai_addr, std::min<std::size_t>(entry.ai_addrlen, sizeof storage));
  return Address::from(storage, entry.ai_addrlen);
}

tl::unexpected<Failure> no_address(const std::string& name, int error, int family) {
  switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return refuse(Exit::not_found,
                    fmt::format("'{}' has no {}address; is the name spelt right?", safe(name),
                                family == AF_UNSPEC ? "" : fmt::format("{} ", name_of(family))));
    case EAI_AGAIN:
      return refuse(
          Exit::failed,
          fmt::format("'{}' cannot be looked up: no name server answers; see /etc/resolv.conf", safe(name)));
    default:
      return refuse(Exit::failed,
                    fmt::format("'{}' cannot be looked up: {}", safe(name), ::gai_strerror(error)));
  }
}

Answer<Target> look_up(const std::string& text, const ConnectAddress& wanted, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failed = ::getaddrinfo(wanted.name.c_str(), std::to_string(wanted.port).c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, AddressesFree> found{list};
  if (failed != 0) return no_address(wanted.name, failed, family);
  std::vector<Address> addresses;
  for (const auto* each = found.get(); each != nullptr; each = each->ai_next) {
    const auto address = from(*each);
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return Target{text, true, in_turn(addresses)};
}

}  // namespace

std::vector<Address> in_turn(const std::vector<Address>& addresses) {
  std::vector<Address> first;
  std::vector<Address> second;
  for (const auto& each : addresses)
    (each.family() == addresses.front().family() ? first : second).push_back(each);
  std::vector<Address> all;
  for (std::size_t at = 0; at < std::max(first.size(), second.size()); ++at) {
    if (at < first.size()) all.push_back(first[at]);
    if (at < second.size()) all.push_back(second[at]);
  }
  return all;
}

Answer<Target> find_target(const std::string& text, int family) {
  const auto wanted = parse_connect_address(text);
  if (!wanted) return refuse(Exit::usage, safe(wanted.error().what));
  switch (wanted->kind) {
    case ConnectAddress::Kind::unix_path:
    case ConnectAddress::Kind::srv:
      return refuse(Exit::usage, fmt::format("'{}': connect speaks TCP; write HOST:PORT", safe(text)));
    case ConnectAddress::Kind::host:
      return look_up(text, *wanted, family);
    case ConnectAddress::Kind::literal:
      break;
  }
  const int own = wanted->address.family();
  if (family != AF_UNSPEC && family != own)
    return refuse(Exit::usage, fmt::format("'{}' is {}; leave -{} out", safe(text), name_of(own),
                                           family == AF_INET ? '4' : '6'));
  return Target{text, false, {wanted->address}};
}

Answer<Address> parse_source(const std::string& text) {
  const bool bare_ipv6 = text.find(':') != std::string::npos && !text.starts_with('[');
  const auto address = parse_ip_port(bare_ipv6 ? fmt::format("[{}]:0", text) : fmt::format("{}:0", text));
  if (!address || text.empty())
    return refuse(Exit::usage,
                  fmt::format("--source: '{}' is no IP address; write one of this host's", safe(text)));
  return *address;
}

}  // namespace tcpctl::ctl
