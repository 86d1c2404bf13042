// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tcpctl {

using Duration = std::chrono::nanoseconds;

/// A number of bytes; a size cannot become a duration or a count by mistake.
class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t n) : n_{n} {}
  static constexpr Bytes unlimited() { return Bytes{UINT64_MAX}; }
  [[nodiscard]] constexpr std::uint64_t count() const { return n_; }
  constexpr Bytes& operator+=(Bytes other) {
    n_ += other.n_;
    return *this;
  }
  friend constexpr auto operator<=>(Bytes, Bytes) = default;

 private:
  std::uint64_t n_{0};
};
constexpr Bytes operator""_KiB(unsigned long long n) { return Bytes{n * 1024}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return Bytes{n * 1024 * 1024}; }

/// The values that users type in TOML and JSON (contract, section 2), and their texts.
///
/// Durations: one or more NUMBER UNIT with units ns us ms s m h d, largest first, a fraction allowed in the
///            last one: "150ms" "1h30m" "1.5s". Negative ones, a bare number and anything above 10 years are
///            refused.
/// Sizes:     "64KiB" "1MB" "512B" and a bare "0"; KB MB GB TB are decimal, KiB MiB GiB TiB binary; below
/// 2^63. Rates:     "100/s" "6000/m" "1/h" are events per second; byte rates are a size and "/s": "1MiB/s".
/// Errors:    invalid_argument, with the text and what would be right: "duration '5': unit missing, write
/// '5s'".
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
[[nodiscard]] Result<Bytes> parse_size(std::string_view text);
[[nodiscard]] Result<double> parse_rate(std::string_view text);      // events per second, above 0
[[nodiscard]] Result<Bytes> parse_byte_rate(std::string_view text);  // bytes per second, above 0

/// A short text that parses to the same value: "1h30m", "1.5s", "64KiB".
[[nodiscard]] std::string duration_text(Duration duration);
[[nodiscard]] std::string size_text(Bytes size);

/// In milliseconds, rounded to the whole microsecond (half to even): the number that JSON has, and the text
/// of the same number, "0.804". Whoever tells a time twice tells the same.
[[nodiscard]] double milliseconds(Duration duration);
[[nodiscard]] std::string milliseconds_text(Duration duration);

}  // namespace tcpctl
