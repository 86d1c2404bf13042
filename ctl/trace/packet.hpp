// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "ctl/trace/segment.hpp"

namespace tcpctl::ctl::trace {

/// What a captured frame begins with. Source: https://www.tcpdump.org/linktypes.html
enum class Link { ethernet, linux_sll, linux_sll2, raw, null };

/// By the number in a capture file, LINKTYPE_..., which is libpcap's DLT_... for all but raw IP. Nothing for
/// one that is not read here.
[[nodiscard]] std::optional<Link> link_of(int number);

/// Why a frame gives no segment.
enum class Skipped {
  other,      // no TCP
  fragment,   // of an IP packet, and not the first one: it has no TCP header
  cut,        // the TCP header was not captured
  malformed,  // lengths that cannot be
};

/// The segment in `frame`, the captured part of a frame of `wire_length` bytes; `frame` has to outlive it. A
/// part that is missing at the end is no error while the TCP header's fixed part is there.
///
/// Reads VLAN tags, IPv4 with options, IPv6 with extension headers, and first fragments.
/// Source: RFC 791, RFC 8200, RFC 4302, RFC 9293.
[[nodiscard]] tl::expected<Segment, Skipped> decode(Link link, std::string_view frame,
                                                    std::size_t wire_length);

}  // namespace tcpctl::ctl::trace
