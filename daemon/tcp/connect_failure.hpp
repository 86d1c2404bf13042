// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tcpctl::tcp {

/// Why a connect(2) failed, as far as its errno tells.
enum class ConnectFailure : std::uint8_t {
  refused,      // by the peer: a RST
  no_listener,  // nobody has that Unix socket
  timed_out,
  no_resources,  // of this host: descriptors, ports, memory
  unreachable,   // all else; who says so is not known
};
[[nodiscard]] ConnectFailure connect_failure(int error_number);

}  // namespace tcpctl::tcp
