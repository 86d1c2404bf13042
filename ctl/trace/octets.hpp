// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Numbers in captured bytes, the most significant octet first. `at` and what follows must be within `bytes`.
namespace tcpctl::ctl::trace::octets {

[[nodiscard]] inline std::uint8_t at(std::string_view bytes, std::size_t at) {
  assert(at < bytes.size());
  return static_cast<std::uint8_t>(bytes[at]);
}
[[nodiscard]] inline std::uint16_t big16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>((octets::at(bytes, at) << 8U) | octets::at(bytes, at + 1));
}
[[nodiscard]] inline std::uint32_t big32(std::string_view bytes, std::size_t at) {
  return (std::uint32_t{big16(bytes, at)} << 16U) | big16(bytes, at + 2);
}

}  // namespace tcpctl::ctl::trace::octets
