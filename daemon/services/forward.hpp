// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "config/options.hpp"

namespace tcpctl {

/// In which order the upstreams of a forward are chosen.
enum class Balance : std::uint8_t { round_robin };

/// The PROXY header that upstreams get.
enum class ProxyVersion : std::uint8_t { none, v1, v2 };

/// What the table `forward` of a listener says. A plain value; endpoints builds relay and pool of it.
struct ForwardOptions {
  struct Upstream {
    std::string name;  // unique in its listener
    ConnectAddress address;
  };
  std::vector<Upstream> upstreams;  // at least one
  Balance balance{Balance::round_robin};
  Duration connect_timeout{};
  std::uint32_t retries{0};          // further upstreams that are tried after the first
  bool half_close{true};             // pass a FIN on and keep the other direction open
  bool zero_copy{true};              // splice what flows in bulk
  std::vector<Network> accept_from;  // whose PROXY headers are taken; empty where the listener says it
  ProxyVersion send_proxy{ProxyVersion::none};
};

/// Reads the table `forward`. Unnamed upstreams are called u1, u2 … by their place in the list.
/// Errors: no upstream, an address that is none, two upstreams of one name.
[[nodiscard]] tl::expected<ForwardOptions, config::Mistake> forward_options(
    const config::OptionReader& options);

}  // namespace tcpctl
