// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace tcpctl {

/// X(name, kind): what comparisons of connections may be about. A duration is kept in ns, a size in bytes.
#define TCPCTL_COMPARISON_FIELDS(X) \
  X(age, duration)                  \
  X(idle, duration)                 \
  X(bytes_in, size)                 \
  X(bytes_out, size)                \
  X(bytes, size)                    \
  X(local_port, count)              \
  X(peer_port, count)               \
  X(rtt, duration)                  \
  X(rtt_var, duration)              \
  X(min_rtt, duration)              \
  X(handshake_rtt, duration)        \
  X(retransmits, count)             \
  X(lost, count)                    \
  X(cwnd, count)                    \
  X(mss, size)                      \
  X(delivery_rate, size)            \
  X(unsent, size)                   \
  X(segments_in, count)             \
  X(segments_out, count)

/// A comparison that a connection must pass: "rtt>50ms", "bytes>=1MB", "peer_port!=443".
///
/// Of what is not known of a connection no comparison holds. Threads: a plain value.
struct Comparison {
  enum class Field : std::uint8_t {
#define X(name, kind) name,
    TCPCTL_COMPARISON_FIELDS(X)
#undef X
  };
  enum class Sign : std::uint8_t { less, at_most, equal, not_equal, at_least, more };
  Field field;
  Sign sign;
  std::uint64_t value;

  [[nodiscard]] bool holds(std::uint64_t actual) const;
  /// Does it take what the kernel knows of a connection?
  [[nodiscard]] bool is_of_tcp() const;
  friend bool operator==(const Comparison&, const Comparison&) = default;
};

inline constexpr std::array kComparisonFields{
#define X(name, kind) std::string_view{#name},
    TCPCTL_COMPARISON_FIELDS(X)
#undef X
};

/// NAME < <= = != >= > VALUE, with or without blanks. A count is a bare number; a size may be one.
/// Errors: invalid_argument, with what would be right.
[[nodiscard]] Result<Comparison> parse_comparison(std::string_view text);

}  // namespace tcpctl
