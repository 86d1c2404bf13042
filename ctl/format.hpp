// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

/// Numbers and times for people; -o json and csv never use these.
namespace tcpctl::ctl {

[[nodiscard]] std::string bytes_text(double bytes);  // "512 B" "12.3 MB", decimal units
[[nodiscard]] std::string count_text(double count);  // "950" "1.2 k" "3.4 M"
[[nodiscard]] std::string span_text(
    double milliseconds);  // "12ms" "3.2s" "3m12s" "2h05m" "4d03h"; what has passed
[[nodiscard]] std::string micros_text(double microseconds);  // "0.003 ms" "0.41 ms" "12.3 ms" "1.20 s"
/// "1,234,567": exact, for the one object that `show` prints.
[[nodiscard]] std::string exact_text(std::uint64_t count);

/// RFC 3339 as the API writes it. Nothing if it is none.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);
enum class Precision { seconds, microseconds };
/// "2026-11-22 13:47:41" in the local zone, or "2026-11-22 13:47:41Z"; with ".000123" if asked for.
[[nodiscard]] std::string time_text(WallTime time, bool utc, Precision precision = Precision::seconds);

}  // namespace tcpctl::ctl
