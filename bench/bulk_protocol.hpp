// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tcpctl::bench {

/// How `load bulk` and `backend bulk` talk. The client sends the direction (one byte), the backend answers
/// kAck, the client sends kGo, and the pattern flows. The client's FIN ends both directions; the backend's
/// last bytes are a Verdict.
enum class Direction : char { up = 'U', down = 'D', both = 'B' };

inline constexpr std::uint8_t kAck = 'k';
inline constexpr std::uint8_t kGo = 'g';
inline constexpr std::size_t kBulkChunk = std::size_t{128} * 1024;

[[nodiscard]] constexpr bool goes_up(Direction direction) { return direction != Direction::down; }
[[nodiscard]] constexpr bool goes_down(Direction direction) { return direction != Direction::up; }

/// The backend's account of one connection. On the wire as it is in memory: both ends run on one machine.
struct Verdict {
  std::uint64_t sent{0};
  std::uint64_t received{0};
  std::uint64_t damaged{0};  // 1 if a received byte was not the expected one

  static constexpr std::size_t kSize = 3 * sizeof(std::uint64_t);

  [[nodiscard]] std::array<std::uint8_t, kSize> bytes() const {
    std::array<std::uint8_t, kSize> out{};
    std::memcpy(out.data(), this, kSize);
    return out;
  }
  [[nodiscard]] static Verdict from(std::span<const std::uint8_t, kSize> in) {
    Verdict verdict;
    std::memcpy(&verdict, in.data(), kSize);
    return verdict;
  }
};

}  // namespace tcpctl::bench
