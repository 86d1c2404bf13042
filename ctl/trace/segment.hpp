// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace tcpctl::ctl::trace {

/// The options of a TCP header. Source: RFC 9293 section 3.1, RFC 7323, RFC 2018.
struct Options {
  struct Timestamps {
    std::uint32_t value, echo;
    friend bool operator==(const Timestamps&, const Timestamps&) = default;
  };
  struct Block {
    std::uint32_t left, right;
    friend bool operator==(const Block&, const Block&) = default;
  };
  /// One that is not read here, or whose length is not what its kind has.
  struct Unknown {
    std::uint8_t kind, length;
    friend bool operator==(const Unknown&, const Unknown&) = default;
  };
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;  // the shift as it was sent; more than 14 means 14
  bool sack_permitted{false};
  std::vector<Block> sack;
  std::optional<Timestamps> timestamps;
  std::vector<Unknown> unknown;
  bool malformed{false};  // what follows the last one that was read makes no sense
  bool cut{false};        // or was not captured
};

/// Reads `bytes`, the part of a TCP header behind its first 20 octets. `whole` says whether they are all
/// there.
[[nodiscard]] Options read_options(std::string_view bytes, bool whole);

/// One TCP segment as it was captured. Threads: a plain value, but `payload` lives as long as the frame.
struct Segment {
  static constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20,
                                kEce = 0x40, kCwr = 0x80;
  Address from, to;
  std::uint32_t seq{}, ack{};
  std::uint8_t flags{};
  std::uint16_t window{};      // as it was sent, not scaled
  std::uint32_t length{};      // bytes of payload on the wire
  std::uint16_t packet_id{};   // the identification of IPv4; 0 for IPv6
  std::uint32_t interface{};   // its index, where the capture tells it; else 0
  bool fragment{false};        // the first one: the rest of the payload is elsewhere
  std::string_view payload{};  // what was captured of it
  Options options;

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  /// What it takes of the sequence space: SYN and FIN count.
  [[nodiscard]] std::uint32_t span() const { return length + (has(kSyn) ? 1U : 0U) + (has(kFin) ? 1U : 0U); }
};

/// "SYN+ACK", "PSH+ACK", "RST"; "no flags" where there is none.
[[nodiscard]] std::string flags_text(std::uint8_t flags);
/// The same as a list for programs: SYN, then ACK.
[[nodiscard]] std::vector<std::string_view> flag_names(std::uint8_t flags);

/// Whether `left` is behind `right` in the sequence space, which is a ring. Source: RFC 9293 section 3.4.
[[nodiscard]] constexpr bool is_after(std::uint32_t left, std::uint32_t right) {
  return static_cast<std::int32_t>(left - right) > 0;
}

}  // namespace tcpctl::ctl::trace
