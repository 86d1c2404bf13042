// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <utility>

#include <ifaddrs.h>
#include <sys/stat.h>

#include "tcp/socket.hpp"

namespace tcpctl::tcp {
namespace {

std::atomic<const OwnAddresses*> own{nullptr};

bool is_wildcard(const Address& address) {
  const Address any =
      address.family() == AF_INET6 ? Address::from(in6addr_any, 0) : Address::from(in_addr{INADDR_ANY}, 0);
  return address.same_host(any);
}

std::vector<Address> addresses_of_host() {
  std::vector<Address> addresses;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return addresses;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list{first, &::freeifaddrs};
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    sockaddr_storage storage{};
    if (one->ifa_addr->sa_family == AF_INET) {
      std::memcpy(&storage, one->ifa_addr, sizeof(sockaddr_in));
      addresses.push_back(Address::from(storage, sizeof(sockaddr_in)));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      std::memcpy(&storage, one->ifa_addr, sizeof(sockaddr_in6));
      addresses.push_back(Address::from(storage, sizeof(sockaddr_in6)));
    }
  }
  return addresses;
}

// A path has many spellings, and links lead to it; the file is one.
bool is_same_file(const Address& one, const Address& other) {
  struct stat here{};
  struct stat there{};
  return ::stat(one.host().c_str(), &here) == 0 && ::stat(other.host().c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

}  // namespace

bool reaches(const Address& target, const Address& bound, const std::vector<Address>& hosts) {
  if (target == bound) return true;
  if (target.is_unix() && bound.is_unix()) return is_same_file(target, bound);
  if (target.is_unix() || bound.is_unix() || target.port() != bound.port()) return false;
  // To connect to a wildcard address is to connect to loopback: ip(7).
  const bool is_here = target.is_loopback() || is_wildcard(target);
  if (is_here && bound.is_loopback()) return is_wildcard(target);
  if (!is_wildcard(bound)) return false;
  return is_here || std::ranges::any_of(hosts, [&](const Address& host) { return host.same_host(target); });
}

bool is_own(const Address& address) {
  const OwnAddresses* const all = own.load(std::memory_order_acquire);
  return all != nullptr && all->contain(address);
}

OwnAddresses::OwnAddresses(std::vector<Address> addresses) : addresses_{std::move(addresses)} {
  own.store(this, std::memory_order_release);
}

OwnAddresses::~OwnAddresses() { own.store(nullptr, std::memory_order_release); }

bool OwnAddresses::contain(const Address& address) const {
  // The host may have got another address since, and the port is rarely the same.
  return std::ranges::any_of(addresses_, [&](const Address& bound) {
    const bool depends_on_host = !bound.is_unix() && !address.is_unix() && bound.port() == address.port();
    return reaches(address, bound, depends_on_host ? addresses_of_host() : std::vector<Address>{});
  });
}

}  // namespace tcpctl::tcp
