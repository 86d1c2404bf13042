// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/packet.hpp"

#include <algorithm>
#include <cstring>

#include <netinet/in.h>

#include "ctl/trace/octets.hpp"

namespace tcpctl::ctl::trace {
namespace {

using Decoded = tl::expected<Segment, Skipped>;

tl::unexpected<Skipped> skip(Skipped why) { return tl::make_unexpected(why); }

constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86DD;
constexpr std::size_t kTcpHeader = 20;

/// What is left of a frame: what was captured of it, and how long it was on the wire.
struct Rest {
  std::string_view bytes;
  std::size_t wire;

  /// False where that much was not captured.
  [[nodiscard]] bool skip(std::size_t count) {
    if (bytes.size() < count) return false;
    bytes.remove_prefix(count);
    wire -= std::min(wire, count);
    return true;
  }
  /// The IP packet ends where it says: what follows is padding.
  void end_at(std::size_t length) {
    wire = length;
    bytes = bytes.substr(0, length);
  }
};

Decoded read_tcp(const Rest& rest, Segment segment) {
  const auto bytes = rest.bytes;
  if (bytes.size() < kTcpHeader) return skip(rest.wire < kTcpHeader ? Skipped::malformed : Skipped::cut);
  const std::size_t header = std::size_t{octets::at(bytes, 12)} / 16 * 4;
  if (header < kTcpHeader || header > rest.wire) return skip(Skipped::malformed);
  const auto with_port = [](const Address& host, std::uint16_t port) {
    sockaddr_storage storage{};
    const auto length = host.to(storage);
    // Both families have the port in the same place.
    auto* const ip = reinterpret_cast<sockaddr_in*>(&storage);
    ip->sin_port = htons(port);
    return Address::from(storage, length);
  };
  segment.from = with_port(segment.from, octets::big16(bytes, 0));
  segment.to = with_port(segment.to, octets::big16(bytes, 2));
  segment.seq = octets::big32(bytes, 4);
  segment.ack = octets::big32(bytes, 8);
  segment.flags = octets::at(bytes, 13);
  segment.window = octets::big16(bytes, 14);
  segment.options = read_options(bytes.substr(kTcpHeader, header - kTcpHeader), bytes.size() >= header);
  segment.length = static_cast<std::uint32_t>(rest.wire - header);
  if (bytes.size() > header) segment.payload = bytes.substr(header);
  return segment;
}

Address ipv4_host(std::string_view bytes, std::size_t at) {
  in_addr host{};
  std::memcpy(&host, bytes.data() + at, sizeof host);
  return Address::from(host, 0);
}

Address ipv6_host(std::string_view bytes, std::size_t at) {
  in6_addr host{};
  std::memcpy(&host, bytes.data() + at, sizeof host);
  return Address::from(host, 0);
}

Decoded read_ipv4(Rest rest, Segment segment) {
  constexpr std::size_t kLeast = 20;
  constexpr std::uint16_t kMoreFragments = 0x2000, kOffset = 0x1FFF;
  if (rest.bytes.size() < kLeast) return skip(Skipped::cut);
  const auto bytes = rest.bytes;
  const std::size_t header = std::size_t{octets::at(bytes, 0)} % 16 * 4;
  const std::size_t total = octets::big16(bytes, 2);
  if (header < kLeast || (total != 0 && total < header)) return skip(Skipped::malformed);
  if (octets::at(bytes, 9) != IPPROTO_TCP) return skip(Skipped::other);
  const auto fragment = octets::big16(bytes, 6);
  if ((fragment & kOffset) != 0) return skip(Skipped::fragment);
  segment.fragment = (fragment & kMoreFragments) != 0;
  segment.packet_id = octets::big16(bytes, 4);
  segment.from = ipv4_host(bytes, 12);
  segment.to = ipv4_host(bytes, 16);
  // 0: the network card cuts the packet up later and fills it in.
  if (total != 0) rest.end_at(total);
  if (!rest.skip(header)) return skip(Skipped::cut);
  return read_tcp(rest, segment);
}

/// Goes over the extension headers to TCP's, `next` being the number of the first one.
Decoded read_extensions(Rest rest, std::uint8_t next, Segment segment) {
  constexpr std::uint8_t kMobility = 135, kHip = 139, kShim6 = 140;
  while (next != IPPROTO_TCP) {
    if (rest.bytes.size() < 8) return skip(rest.wire < 8 ? Skipped::malformed : Skipped::cut);
    const auto kind = next;
    std::size_t length = (std::size_t{octets::at(rest.bytes, 1)} + 1) * 8;
    switch (kind) {
      case IPPROTO_HOPOPTS:
      case IPPROTO_ROUTING:
      case IPPROTO_DSTOPTS:
      case kMobility:
      case kHip:
      case kShim6:
        break;
      case IPPROTO_AH:
        length = (std::size_t{octets::at(rest.bytes, 1)} + 2) * 4;
        break;
      case IPPROTO_FRAGMENT: {
        const auto fragment = octets::big16(rest.bytes, 2);
        if (fragment / 8 != 0) return skip(Skipped::fragment);
        segment.fragment = fragment % 2 != 0;
        length = 8;
        break;
      }
      default:
        return skip(Skipped::other);
    }
    next = octets::at(rest.bytes, 0);
    if (length > rest.wire) return skip(Skipped::malformed);
    if (!rest.skip(length)) return skip(Skipped::cut);
  }
  return read_tcp(rest, segment);
}

Decoded read_ipv6(Rest rest, Segment segment) {
  constexpr std::size_t kHeader = 40;
  if (rest.bytes.size() < kHeader) return skip(Skipped::cut);
  const auto bytes = rest.bytes;
  const std::size_t length = octets::big16(bytes, 4);
  segment.from = ipv6_host(bytes, 8);
  segment.to = ipv6_host(bytes, 24);
  // 0: a jumbogram, or the network card fills it in.
  if (length != 0) rest.end_at(kHeader + length);
  if (!rest.skip(kHeader)) return skip(Skipped::cut);
  return read_extensions(rest, octets::at(bytes, 6), segment);
}

Decoded read_network(std::uint16_t protocol, Rest rest, Segment segment) {
  constexpr std::size_t kTag = 4;
  constexpr int kMostTags = 4;
  const auto is_tag = [](std::uint16_t type) {
    return type == 0x8100 || type == 0x88A8 || type == 0x9100;  // 802.1Q, 802.1ad, and what was before it
  };
  for (int tags = 0; is_tag(protocol) && tags < kMostTags; ++tags) {
    if (rest.bytes.size() < kTag) return skip(Skipped::cut);
    protocol = octets::big16(rest.bytes, 2);
    if (!rest.skip(kTag)) return skip(Skipped::cut);
  }
  if (protocol == kIpv4) return read_ipv4(rest, std::move(segment));
  if (protocol == kIpv6) return read_ipv6(rest, std::move(segment));
  return skip(Skipped::other);
}

Decoded read_raw(Rest rest) {
  if (rest.bytes.empty()) return skip(Skipped::cut);
  const int version = octets::at(rest.bytes, 0) / 16;
  if (version != 4 && version != 6) return skip(Skipped::other);
  return read_network(version == 4 ? kIpv4 : kIpv6, rest, {});
}

/// The network protocol stands at `at`, the packet `header` bytes behind the begin.
Decoded read_framed(Rest rest, std::size_t at, std::size_t header, std::uint32_t interface) {
  const auto bytes = rest.bytes;
  if (!rest.skip(header)) return skip(Skipped::cut);
  Segment segment;
  segment.interface = interface;
  return read_network(octets::big16(bytes, at), rest, std::move(segment));
}

/// A number of the protocol family, in the order of octets of the host that captured it, and then the packet.
Decoded read_null(Rest rest) {
  constexpr std::size_t kFamily = 4;
  if (!rest.skip(kFamily)) return skip(Skipped::cut);
  // The families' numbers differ from system to system, the packet's own version does not.
  return read_raw(rest);
}

}  // namespace

std::optional<Link> link_of(int number) {
  switch (number) {
    case 0:    // LINKTYPE_NULL
    case 108:  // LINKTYPE_LOOP
      return Link::null;
    case 1:
      return Link::ethernet;
    case 12:  // DLT_RAW
    case 14:  // DLT_RAW on OpenBSD
    case 101:
    case 228:  // LINKTYPE_IPV4
    case 229:  // LINKTYPE_IPV6
      return Link::raw;
    case 113:
      return Link::linux_sll;
    case 276:
      return Link::linux_sll2;
    default:
      return std::nullopt;
  }
}

tl::expected<Segment, Skipped> decode(Link link, std::string_view frame, std::size_t wire_length) {
  const Rest rest{frame, std::max(wire_length, frame.size())};
  switch (link) {
    case Link::ethernet:
      return read_framed(rest, 12, 14, 0);
    case Link::linux_sll:
      return read_framed(rest, 14, 16, 0);
    case Link::linux_sll2:
      return read_framed(rest, 0, 20, frame.size() < 8 ? 0 : octets::big32(frame, 4));
    case Link::raw:
      return read_raw(rest);
    case Link::null:
      break;
  }
  return read_null(rest);
}

}  // namespace tcpctl::ctl::trace
