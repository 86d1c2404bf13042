// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/units.hpp"
#include "config/options.hpp"

namespace tcpctl {

/// The PROXY header that upstreams get.
enum class ProxyVersion : std::uint8_t { none, v1, v2 };

/// What the table `forward` of a listener says. A plain value; endpoints builds relay and pool of it.
struct ForwardOptions {
  struct Upstream {
    std::string name;      // unique in its listener
    bool is_named{false};  // it was given that name, and did not get it by its place
    ConnectAddress address;
    std::uint32_t weight{1};
    bool backup{false};
    std::optional<std::uint64_t> max_connections{};
    std::string state{"ready"};  // ready | drain | maint
  };
  struct Health {
    Duration interval{}, timeout{};
    std::uint32_t rise{2}, fall{3};
  };
  std::vector<Upstream> upstreams;     // at least one
  std::string balance{"round_robin"};  // one of the key's choices
  Duration connect_timeout{};
  Duration queue_timeout{};        // for an upstream with a free place
  std::optional<Health> health{};  // none: no active checks; its steps are read by parse_steps
  std::uint32_t fail_after{0};     // failed sessions in a row that take an upstream out; 0 = none do
  Duration fail_for{};
  std::string on_down{"keep"};       // keep | close
  std::uint32_t retries{0};          // further upstreams that are tried after the first
  bool half_close{true};             // pass a FIN on and keep the other direction open
  bool zero_copy{true};              // splice what flows in bulk
  std::vector<Network> accept_from;  // whose PROXY headers are taken; empty where the listener says it
  ProxyVersion send_proxy{ProxyVersion::none};
};

/// Reads the table `forward`. Unnamed upstreams are called u1, u2 … by their place in the list.
/// Errors: no upstream, an address that is none, two upstreams of one name, or one of a name that a service
/// gives to its targets.
[[nodiscard]] tl::expected<ForwardOptions, config::Mistake> forward_options(
    const config::OptionReader& options);

}  // namespace tcpctl
