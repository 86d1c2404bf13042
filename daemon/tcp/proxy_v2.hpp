// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tcp/proxy_protocol.hpp"

namespace tcpctl::tcp::proxy {

/// `parse_proxy_header` of what agrees with the signature of version 2, as far as it goes.
[[nodiscard]] Result<std::optional<ParsedProxyHeader>> parse_v2(ByteView bytes, std::size_t most);

}  // namespace tcpctl::tcp::proxy
