// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"
#include "ctl/exit.hpp"

namespace tcpctl::ctl {

/// Where `tcpctl connect` goes: the addresses of HOST:PORT in the order in which they are tried, the families
/// in turn.
struct Target {
  std::string text;  // as it was written
  bool is_name{false};
  std::vector<Address> addresses;  // at least one
};

/// `family` = AF_INET or AF_INET6 wants that one alone, AF_UNSPEC takes both.
///
/// Blocks while the system's resolver looks a name up. Errors: usage, saying how it is written; not_found for
/// a name without an address; failed where no name server answers. Source: getaddrinfo(3), RFC 6724.
[[nodiscard]] Answer<Target> find_target(const std::string& text, int family);

/// The families in turn, beginning with that of the first; the order within a family stays.
/// Source: RFC 8305 section 4.
[[nodiscard]] std::vector<Address> in_turn(const std::vector<Address>& addresses);

/// "127.0.0.1" "::1" "[fe80::1%eth0]", the address to leave from. Errors: usage.
[[nodiscard]] Answer<Address> parse_source(const std::string& text);

}  // namespace tcpctl::ctl
