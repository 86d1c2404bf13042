// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"

namespace tcpctl {

/// Upstreams and clients of `config` that are written as an address of its own API. Behind a listener the API
/// would take everybody for a peer on loopback. Names, and ports that are known once they are bound, are
/// refused when they are connected to (`tcp::OwnAddresses`).
[[nodiscard]] config::Mistakes own_api_mistakes(const config::Config& config);

}  // namespace tcpctl
