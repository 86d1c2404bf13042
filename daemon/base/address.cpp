// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fmt/compile.h>
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
  Address address;
  std::memcpy(address.host_.data(), &host, sizeof host);
  address.port_ = port;
  address.kind_ = Kind::ipv4;
  return address;
}

Address Address::from(const in6_addr& host, std::uint16_t port, std::uint32_t scope) {
  if (std::memcmp(&host, kMappedPrefix.data(), kMappedPrefix.size()) == 0) {
    in_addr mapped{};
    std::memcpy(&mapped, &host.s6_addr[kMappedPrefix.size()], sizeof mapped);
    return from(mapped, port);
  }
  Address address;
  std::memcpy(address.host_.data(), &host, sizeof host);
  address.scope_ = scope;
  address.port_ = port;
  address.kind_ = Kind::ipv6;
  return address;
}

Address Address::unix_path(std::string path) {
  Address address;
  address.path_ = std::make_unique<const std::string>(std::move(path)).release();
  address.kind_ = Kind::unix_path;
  return address;
}

Address::Address(const Address& other) : scope_{other.scope_}, port_{other.port_}, kind_{other.kind_} {
  if (is_unix()) {
    path_ = std::make_unique<const std::string>(*other.path_).release();
  } else {
    host_ = other.host_;
  }
}

Address::Address(Address&& other) noexcept { swap(other); }

Address& Address::operator=(Address other) noexcept {
  swap(other);
  return *this;
}

Address::~Address() {
  if (is_unix()) const std::unique_ptr<const std::string> last{path_};
}

void Address::swap(Address& other) noexcept {
  Bytes bytes;  // as they lie there, whichever they are
  std::memcpy(&bytes, &host_, sizeof bytes);
  std::memcpy(&host_, &other.host_, sizeof bytes);
  std::memcpy(&other.host_, &bytes, sizeof bytes);
  std::swap(scope_, other.scope_);
  std::swap(port_, other.port_);
  std::swap(kind_, other.kind_);
}

in_addr Address::ipv4() const {
  in_addr host{};
  std::memcpy(&host, host_.data(), sizeof host);
  return host;
}

in6_addr Address::ipv6() const {
  in6_addr host{};
  std::memcpy(&host, host_.data(), sizeof host);
  return host;
}

int Address::family() const {
  constexpr std::array<int, 4> families{AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX};
  return families.at(static_cast<std::size_t>(kind_));
}

std::uint16_t Address::port() const { return port_; }

bool Address::is_loopback() const {
  if (kind_ == Kind::ipv4) return host_[0] == 127;
  return kind_ == Kind::ipv6 && same_bytes(ipv6(), in6addr_loopback);
}

std::string Address::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  switch (kind_) {
    case Kind::unix_path:
      return *path_;
    case Kind::ipv4:
      return ::inet_ntop(AF_INET, host_.data(), text.data(), text.size());
    case Kind::ipv6: {
      const std::string host = ::inet_ntop(AF_INET6, host_.data(), text.data(), text.size());
      return scope_ == 0 ? host : host + "%" + scope_name(scope_);
    }
    case Kind::none:
      break;
  }
  return {};
}

std::string Address::text() const {
  switch (family()) {
    case AF_UNIX:
      return "unix:" + host();
    case AF_INET:
      return fmt::format(FMT_COMPILE("{}:{}"), host(), port());
    case AF_INET6:
      return fmt::format(FMT_COMPILE("[{}]:{}"), host(), port());
    default:
      return {};
  }
}

socklen_t Address::to(sockaddr_storage& storage) const {
  storage = {};
  if (kind_ == Kind::ipv4) {
    sockaddr_in ip{};
    ip.sin_family = AF_INET;
    ip.sin_addr = ipv4();
    ip.sin_port = htons(port_);
    std::memcpy(&storage, &ip, sizeof ip);
    return sizeof ip;
  }
  if (kind_ == Kind::ipv6) {
    sockaddr_in6 ip{};
    ip.sin6_family = AF_INET6;
    ip.sin6_addr = ipv6();
    ip.sin6_port = htons(port_);
    ip.sin6_scope_id = scope_;
    std::memcpy(&storage, &ip, sizeof ip);
    return sizeof ip;
  }
  if (kind_ != Kind::unix_path) return 0;
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  const auto size = std::min(path_->size(), sizeof unix_address.sun_path - 1);
  std::memcpy(&unix_address.sun_path[0], path_->data(), size);
  std::memcpy(&storage, &unix_address, sizeof unix_address);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + (size == 0 ? 0 : 1));
}

bool operator==(const Address& left, const Address& right) {
  return left.port() == right.port() && left.same_host(right);
}

bool Address::same_host(const Address& other) const {
  if (kind_ != other.kind_) return false;
  if (is_unix()) return *path_ == *other.path_;
  return host_ == other.host_ && scope_ == other.scope_;
}

std::optional<Address::HostKey> Address::host_key() const {
  if (kind_ == Kind::ipv4) {
    return HostKey{0, std::uint64_t{0xffff} << 32 | ipv4().s_addr};  // where a mapped one would be
  }
  if (kind_ != Kind::ipv6) return std::nullopt;
  HostKey key;
  std::memcpy(&key.first, host_.data(), sizeof key.first);
  std::memcpy(&key.second, &host_[sizeof key.first], sizeof key.second);
  // One link-local address may be another host on another link; its first half has zeros to spare.
  key.first ^= std::uint64_t{scope_} << 32;
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
