// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "ctl/exit.hpp"
#include "ctl/trace/segment.hpp"

namespace tcpctl::ctl::trace {

/// Which connections are traced, and what is known of them beforehand. Addresses have no IPv6 scope: packets
/// do not either.
struct Scope {
  /// One connection of the daemon's.
  struct Pair {
    Address local, remote;
    bool inbound;
  };
  std::vector<Address> accepting;   // where the daemon accepts; a wildcard host is any
  std::vector<Address> connecting;  // where it connects to
  std::vector<Address> given;       // HOST:PORT, which somebody accepts
  std::vector<Pair> pairs;
  std::vector<Address> own;  // the addresses of this host, for what is `given`
  bool any{false};           // whatever is in a file

  [[nodiscard]] bool empty() const {
    return !any && accepting.empty() && connecting.empty() && given.empty() && pairs.empty();
  }
};

/// How one connection stands to the daemon and to this host.
struct Standing {
  enum class Role { accepted, connected, other };
  Role role{Role::other};
  bool sender_opened{true};         // the sender of the segment is the initiator
  std::optional<std::size_t> ours;  // 0: the initiator's end is here, 1: the responder's
};

/// By the first segment that was captured of it. Without its SYN the listening end is what `scope` knows,
/// else the one with the lower port.
[[nodiscard]] Standing standing(const Scope& scope, const Segment& first);

/// What pcap-filter(7) wants to let through all that is in `scope`, made of parsed addresses alone. "tcp" for
/// a scope without ends.
[[nodiscard]] std::string filter_expression(const Scope& scope);

/// Whether `end` is one of what `wanted` stands for: a wildcard host is any of its family.
[[nodiscard]] bool fits(const Address& wanted, const Address& end);
/// `address` without its IPv6 scope.
[[nodiscard]] Address unscoped(const Address& address);
/// An address as the API writes it, without its scope; nothing for a Unix path or what is none.
[[nodiscard]] std::optional<Address> tcp_address(std::string_view text);
/// The addresses of this host, with port 0.
[[nodiscard]] std::vector<Address> own_hosts();

}  // namespace tcpctl::ctl::trace
