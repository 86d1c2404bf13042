// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tcpctl::ctl::trace::test {

inline std::string big16(unsigned value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value)};
}
inline std::string big32(std::uint32_t value) { return big16(value >> 16U) + big16(value & 0xffffU); }

/// A TCP header and its payload; `options` are padded to whole words.
struct Tcp {
  unsigned from{40000}, to{80};
  std::uint32_t seq{0}, ack{0};
  std::uint8_t flags{0x10};
  unsigned window{512};
  std::string options{}, payload{};

  [[nodiscard]] std::string bytes() const {
    auto padded = options;
    while (padded.size() % 4 != 0) padded += '\0';
    const auto offset = static_cast<char>((5 + padded.size() / 4) << 4U);
    return big16(from) + big16(to) + big32(seq) + big32(ack) + offset + static_cast<char>(flags) +
           big16(window) + std::string(4, '\0') + padded + payload;
  }
};

/// 10.0.0.1 to 10.0.0.2, or back.
inline std::string ipv4(const std::string& payload, bool back = false, unsigned protocol = 6,
                        unsigned fragment = 0, const std::string& options = {}) {
  const std::string one{"\x0a\x00\x00\x01", 4};
  const std::string two{"\x0a\x00\x00\x02", 4};
  const auto first = static_cast<char>(0x40U | (5U + static_cast<unsigned>(options.size() / 4)));
  return std::string{first} + '\0' + big16(static_cast<unsigned>(20 + options.size() + payload.size())) +
         big16(7) + big16(fragment) + '\x40' + static_cast<char>(protocol) + big16(0) +
         (back ? two + one : one + two) + options + payload;
}

/// 2001:db8::1 to 2001:db8::2; `headers` stand before the payload, of which `next` is the first's number.
inline std::string ipv6(const std::string& payload, unsigned next = 6, const std::string& headers = {}) {
  const std::string net{"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15};
  return std::string{"\x60\0\0\0", 4} + big16(static_cast<unsigned>(headers.size() + payload.size())) +
         static_cast<char>(next) + '\x40' + net + '\x01' + net + '\x02' + headers + payload;
}

inline std::string ethernet(const std::string& payload, unsigned type = 0x0800) {
  return std::string(12, '\x02') + big16(type) + payload;
}

}  // namespace tcpctl::ctl::trace::test
