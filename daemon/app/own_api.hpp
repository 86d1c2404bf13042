// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"

namespace tcpctl {

/// What the table of a listener or client would connect to, and is written as an address of the daemon's own
/// API. Behind a listener the API would take everybody for a peer on loopback. Names, and ports that are
/// known once they are bound, are refused when they are connected to (`tcp::OwnAddresses`).
[[nodiscard]] config::Mistakes own_api_mistakes(const config::Api& api, const config::Node& table);

}  // namespace tcpctl
