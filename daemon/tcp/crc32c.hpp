// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/text.hpp"

namespace tcpctl::tcp {

/// CRC-32C (Castagnoli) of `bytes`, continuing from `before`, the checksum of what stands in front of them.
/// Threads: any. Source: RFC 4960 appendix B.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

}  // namespace tcpctl::tcp
