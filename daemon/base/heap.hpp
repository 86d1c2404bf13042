// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

/// What values take outside of themselves, to keep memory within a bound.
namespace tcpctl {

/// What malloc(3) of the GNU C library takes for `bytes` on 64 bits: with its own word, in steps of 16.
[[nodiscard]] constexpr std::size_t allocated(std::size_t bytes) {
  return std::max<std::size_t>(32, (bytes + 8 + 15) / 16 * 16);
}

/// A short text lies in its object.
[[nodiscard]] inline std::size_t heap_bytes(const std::string& text) {
  return text.capacity() <= std::string{}.capacity() ? 0 : allocated(text.capacity() + 1);
}

}  // namespace tcpctl
