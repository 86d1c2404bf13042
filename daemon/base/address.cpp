// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/un.h>

namespace tcpctl {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool same_bytes(const in6_addr& left, const in6_addr& right) {
  return std::memcmp(&left, &right, sizeof left) == 0;
}

std::string scope_name(std::uint32_t scope) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(scope, name.data()) != nullptr) return name.data();
  return fmt::to_string(scope);
}

Address from_unix(const sockaddr_storage& storage, socklen_t length) {
  sockaddr_un unix_address{};
  std::memcpy(&unix_address, &storage, std::min<std::size_t>(length, sizeof unix_address));
  constexpr std::size_t begin = offsetof(sockaddr_un, sun_path);
  const std::size_t size =
      length <= begin ? 0 : std::min<std::size_t>(length - begin, sizeof unix_address.sun_path);
  if (size == 0) return Address::unix_path("");
  // An abstract name begins with NUL and may hold further ones: ss(8) writes '@' for them.
  if (unix_address.sun_path[0] == '\0') {
    std::string name(&unix_address.sun_path[0], size);
    std::replace(name.begin(), name.end(), '\0', '@');
    return Address::unix_path(std::move(name));
  }
  return Address::unix_path(
      std::string(&unix_address.sun_path[0], ::strnlen(&unix_address.sun_path[0], size)));
}

}  // namespace

Address Address::from(const sockaddr_storage& storage, socklen_t length) {
  if (storage.ss_family == AF_UNIX) return from_unix(storage, length);
  if (storage.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in ip{};
    std::memcpy(&ip, &storage, sizeof ip);
    return from(ip.sin_addr, ntohs(ip.sin_port));
  }
  if (storage.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 ip{};
    std::memcpy(&ip, &storage, sizeof ip);
    return from(ip.sin6_addr, ntohs(ip.sin6_port), ip.sin6_scope_id);
  }
  return {};
}

Address Address::from(const in_addr& host, std::uint16_t port) {
  sockaddr_in ip{};
  ip.sin_family = AF_INET;
  ip.sin_addr = host;
  ip.sin_port = htons(port);
  Address address;
  address.value_ = ip;
  return address;
}

Address Address::from(const in6_addr& host, std::uint16_t port, std::uint32_t scope) {
  if (std::memcmp(&host, kMappedPrefix.data(), kMappedPrefix.size()) == 0) {
    in_addr mapped{};
    std::memcpy(&mapped, &host.s6_addr[kMappedPrefix.size()], sizeof mapped);
    return from(mapped, port);
  }
  sockaddr_in6 ip{};
  ip.sin6_family = AF_INET6;
  ip.sin6_addr = host;
  ip.sin6_port = htons(port);
  ip.sin6_scope_id = scope;
  Address address;
  address.value_ = ip;
  return address;
}

Address Address::unix_path(std::string path) {
  Address address;
  address.value_ = std::move(path);
  return address;
}

int Address::family() const {
  constexpr std::array<int, 4> families{AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX};
  return families.at(value_.index());
}

std::uint16_t Address::port() const {
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) return ntohs(ip4->sin_port);
  if (const auto* ip6 = std::get_if<sockaddr_in6>(&value_)) return ntohs(ip6->sin6_port);
  return 0;
}

bool Address::is_loopback() const {
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) return ntohl(ip4->sin_addr.s_addr) >> 24 == 127;
  if (const auto* ip6 = std::get_if<sockaddr_in6>(&value_))
    return same_bytes(ip6->sin6_addr, in6addr_loopback);
  return false;
}

std::string Address::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (const auto* path = std::get_if<std::string>(&value_)) return *path;
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) {
    return ::inet_ntop(AF_INET, &ip4->sin_addr, text.data(), text.size());
  }
  if (const auto* ip6 = std::get_if<sockaddr_in6>(&value_)) {
    std::string host = ::inet_ntop(AF_INET6, &ip6->sin6_addr, text.data(), text.size());
    if (ip6->sin6_scope_id != 0) host += "%" + scope_name(ip6->sin6_scope_id);
    return host;
  }
  return {};
}

std::string Address::text() const {
  switch (family()) {
    case AF_UNIX:
      return "unix:" + host();
    case AF_INET:
      return fmt::format("{}:{}", host(), port());
    case AF_INET6:
      return fmt::format("[{}]:{}", host(), port());
    default:
      return {};
  }
}

socklen_t Address::to(sockaddr_storage& storage) const {
  storage = {};
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) {
    std::memcpy(&storage, ip4, sizeof *ip4);
    return sizeof *ip4;
  }
  if (const auto* ip6 = std::get_if<sockaddr_in6>(&value_)) {
    std::memcpy(&storage, ip6, sizeof *ip6);
    return sizeof *ip6;
  }
  const auto* path = std::get_if<std::string>(&value_);
  if (path == nullptr) return 0;
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  const auto size = std::min(path->size(), sizeof unix_address.sun_path - 1);
  std::memcpy(&unix_address.sun_path[0], path->data(), size);
  std::memcpy(&storage, &unix_address, sizeof unix_address);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + (size == 0 ? 0 : 1));
}

bool operator==(const Address& left, const Address& right) {
  return left.port() == right.port() && left.same_host(right);
}

bool Address::same_host(const Address& other) const {
  if (value_.index() != other.value_.index()) return false;
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) {
    return ip4->sin_addr.s_addr == std::get<sockaddr_in>(other.value_).sin_addr.s_addr;
  }
  if (const auto* ip6 = std::get_if<sockaddr_in6>(&value_)) {
    const auto& other6 = std::get<sockaddr_in6>(other.value_);
    return same_bytes(ip6->sin6_addr, other6.sin6_addr) && ip6->sin6_scope_id == other6.sin6_scope_id;
  }
  if (const auto* path = std::get_if<std::string>(&value_))
    return *path == std::get<std::string>(other.value_);
  return true;
}

std::optional<Address::HostKey> Address::host_key() const {
  if (const auto* ip4 = std::get_if<sockaddr_in>(&value_)) {
    return HostKey{0, std::uint64_t{0xffff} << 32 | ip4->sin_addr.s_addr};  // where a mapped one would be
  }
  const auto* ip6 = std::get_if<sockaddr_in6>(&value_);
  if (ip6 == nullptr) return std::nullopt;
  HostKey key;
  std::memcpy(&key.first, &ip6->sin6_addr, sizeof key.first);
  std::memcpy(&key.second, &ip6->sin6_addr.s6_addr[sizeof key.first], sizeof key.second);
  // One link-local address may be another host on another link; its first half has zeros to spare.
  key.first ^= std::uint64_t{ip6->sin6_scope_id} << 32;
  return key;
}

std::string ListenAddress::text() const {
  switch (kind) {
    case Kind::literal:
    case Kind::unix_path:
      return address.text();
    case Kind::any:
      return fmt::format("*:{}", port);
    case Kind::systemd:
      return "systemd:" + name;
  }
  return {};
}

std::string ConnectAddress::text() const {
  switch (kind) {
    case Kind::literal:
    case Kind::unix_path:
      return address.text();
    case Kind::host:
      return fmt::format("{}:{}", name, port);
    case Kind::srv:
      return "srv:" + name;
  }
  return {};
}

}  // namespace tcpctl
