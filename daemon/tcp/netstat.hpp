// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace tcpctl::tcp {

/// What was lost at listening sockets since the network namespace was made: at all of them, whoever's they
/// are. The kernel counts this for no single socket.
struct ListenLosses {
  std::uint64_t overflows{0};  // an accept queue was full
  std::uint64_t drops{0};      // for this and any other reason
};

/// Finds ListenOverflows and ListenDrops in the text of /proc/net/netstat: pairs of lines that begin with
/// one word, the first with names and the second with as many numbers. Errors: invalid_argument.
/// Source: proc(5), net/ipv4/proc.c.
[[nodiscard]] Result<ListenLosses> parse_netstat(std::string_view text);

/// Those of the daemon's own network namespace; some 50 us. Errors: io, and those of the text.
/// Threads: any that may wait for the kernel.
[[nodiscard]] Result<ListenLosses> read_listen_losses(const char* path = "/proc/self/net/netstat");

}  // namespace tcpctl::tcp
