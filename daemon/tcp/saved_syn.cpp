// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <span>

#include "tcp/info.hpp"

namespace tcpctl::tcp {
namespace {

using Packet = std::span<const unsigned char>;

std::uint16_t u16(Packet bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
std::uint32_t u32(Packet bytes, std::size_t at) {
  return static_cast<std::uint32_t>(u16(bytes, at)) << 16 | u16(bytes, at + 2);
}

constexpr unsigned char kOptionEnd = 0;
constexpr unsigned char kOptionNop = 1;
constexpr unsigned char kOptionMss = 2;
constexpr unsigned char kOptionWindowScale = 3;
constexpr unsigned char kOptionSack = 4;
constexpr unsigned char kOptionTimestamps = 8;

// RFC 9293 section 3.1: kind, length (of the whole option), value.
void parse_options(Packet options, SavedSyn& syn) {
  while (!options.empty() && options[0] != kOptionEnd) {
    if (options[0] == kOptionNop) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    const Packet option = options.first(options[1]);
    if (option[0] == kOptionMss && option.size() == 4) syn.mss = u16(option, 2);
    if (option[0] == kOptionWindowScale && option.size() == 3) syn.window_scale = option[2];
    if (option[0] == kOptionSack) syn.sack = true;
    if (option[0] == kOptionTimestamps) syn.timestamps = true;
    options = options.subspan(option.size());
  }
}

}  // namespace

std::optional<SavedSyn> parse_syn(const unsigned char* packet, std::size_t length) {
  const Packet bytes{packet, length};
  if (bytes.empty()) return std::nullopt;
  const unsigned version = bytes[0] >> 4;
  const std::size_t ip_length = version == 4 ? (bytes[0] & 0x0fU) * 4U : 40U;
  if ((version != 4 && version != 6) || ip_length < 20 || bytes.size() < ip_length + 20) return std::nullopt;
  const Packet segment = bytes.subspan(ip_length);
  const std::size_t header_length = (segment[12] >> 4) * std::size_t{4};
  if (header_length < 20 || header_length > segment.size()) return std::nullopt;
  SavedSyn syn;
  syn.isn = u32(segment, 4);
  syn.ttl = version == 4 ? bytes[8] : bytes[7];
  parse_options(segment.subspan(20, header_length - 20), syn);
  return syn;
}

}  // namespace tcpctl::tcp
