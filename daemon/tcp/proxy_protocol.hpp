// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

/// The PROXY protocol, versions 1 and 2: how a proxy tells the next hop whose connection it passes on.
/// Pure functions on bytes. Threads: any. Source: haproxy, doc/proxy-protocol.txt.
namespace tcpctl::tcp {

/// The longest v1 line, CRLF included: section 2.1.
inline constexpr std::size_t kProxyLineBytes = 107;
/// The fixed part of a v2 header: signature, version and command, family, length.
inline constexpr std::size_t kProxyPrefixBytes = 16;

/// What a header says.
struct ProxyHeader {
  /// The sender's own connection (v2 LOCAL), as a health check: its real addresses hold.
  bool is_local{false};
  /// The proxied connection's ends; both empty where the sender does not say, and the real ones hold.
  Address source, destination;
  /// The TLV UNIQUE_ID as it came: up to 128 bytes of the sender's choice, so escape it to show it.
  std::string unique_id;
};

struct ParsedProxyHeader {
  std::size_t size;  // bytes of the header; what follows is the client's
  ProxyHeader header;
};

/// Reads the header at the beginning of `bytes`; nothing while more of them are needed, which is said no
/// later than a byte that cannot be right. A v2 header may have up to `most` bytes.
///
/// Valid, but without addresses: LOCAL, UNKNOWN, and the families and transports "unspecified" and
/// "datagram". TLVs are walked, CRC32C is verified where it is given. Errors: invalid_argument with what is
/// wrong, peers' bytes escaped: "v1: port '080' has a leading zero".
[[nodiscard]] Result<std::optional<ParsedProxyHeader>> parse_proxy_header(ByteView bytes, std::size_t most);

/// A v1 line. Where one end is IPv4 and the other IPv6, both are written as IPv6; where one is neither, the
/// line says UNKNOWN.
[[nodiscard]] std::string proxy_header_v1(const Address& source, const Address& destination);

/// A v2 header with the TLVs UNIQUE_ID (unless empty; at most 128 bytes) and CRC32C. Families as in v1;
/// UNSPEC stands for UNKNOWN.
[[nodiscard]] std::string proxy_header_v2(const Address& source, const Address& destination,
                                          std::string_view unique_id);

/// The v2 header of a connection of the sender's own. In v1 such a one gives its real addresses.
[[nodiscard]] std::string proxy_header_local();

}  // namespace tcpctl::tcp
