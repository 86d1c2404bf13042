// SPDX-License-Identifier: Apache-2.0
#include "ctl/format.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace tcpctl::ctl {
namespace {

/// Three digits and the unit; a value that would round up to 1000 takes the next unit.
template <std::size_t N>
std::string scaled(double value, const std::array<std::string_view, N>& units) {
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < N) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f}{}", value, units[0]);
  return fmt::format("{:.{}f} {}", value, value < 99.95 ? 1 : 0, units[unit]);
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t length) {
  if (text.size() < at + length) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, length)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "" or ".5" up to nine digits, as microseconds; takes them off `rest`.
std::optional<std::chrono::microseconds> take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return std::chrono::microseconds{0};
  rest.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t length = 0;
  while (length < rest.size() && rest[length] >= '0' && rest[length] <= '9') {
    if (length < 6) value = value * 10 + (rest[length] - '0');
    ++length;
  }
  if (length == 0 || length > 9) return std::nullopt;
  for (auto missing = length; missing < 6; ++missing) value *= 10;
  rest.remove_prefix(length);
  return std::chrono::microseconds{value};
}

/// "Z" or "+01:00".
std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (text.size() != 6 || text[3] != ':' || !hours || !minutes || *hours > 23 || *minutes > 59)
    return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  if (text[0] == '+') return offset;
  if (text[0] == '-') return -offset;
  return std::nullopt;
}

}  // namespace

std::string bytes_text(double bytes) {
  return scaled(bytes, std::array<std::string_view, 7>{" B", "kB", "MB", "GB", "TB", "PB", "EB"});
}

std::string count_text(double count) {
  return scaled(count, std::array<std::string_view, 5>{"", "k", "M", "G", "T"});
}

std::string span_text(double milliseconds) {
  if (milliseconds < 1) return milliseconds <= 0 ? "0ms" : "<1ms";
  if (milliseconds < 999.5) return fmt::format("{:.0f}ms", milliseconds);
  if (milliseconds < 60'000) return fmt::format("{:.1f}s", std::floor(milliseconds / 100) / 10);
  const auto seconds = static_cast<std::uint64_t>(std::min(milliseconds / 1000, 1e12));
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  const auto minutes = seconds / 60;
  if (minutes < 24 * 60) return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
  const auto hours = minutes / 60;
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

std::string micros_text(double microseconds) {
  const double ms = microseconds / 1000;
  if (ms <= 0) return "0 ms";
  if (ms < 0.0995) return fmt::format("{:.3f} ms", ms);
  if (ms < 9.995) return fmt::format("{:.2f} ms", ms);
  if (ms < 999.5) return fmt::format("{:.{}f} ms", ms, ms < 99.95 ? 1 : 0);
  return fmt::format("{:.2f} s", ms / 1000);
}

std::string exact_text(std::uint64_t count) {
  auto text = std::to_string(count);
  for (auto at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::optional<WallTime> parse_time(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool separated = text[4] == '-' && text[7] == '-' &&
                         (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && text[13] == ':' &&
                         text[16] == ':';
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!separated || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  auto rest = text.substr(19);
  const auto fraction = take_fraction(rest);
  const auto offset = zone(rest);
  if (!fraction || !offset) return std::nullopt;
  return WallTime{std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
                  std::chrono::seconds{*second} + *fraction - *offset};
}

std::string time_text(WallTime time, bool utc, Precision precision) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = whole.time_since_epoch().count();
  std::tm parts{};
  if (utc) {
    ::gmtime_r(&seconds, &parts);
  } else {
    ::localtime_r(&seconds, &parts);
  }
  auto text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                          parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (precision == Precision::microseconds) text += fmt::format(".{:06}", (time - whole).count());
  return utc ? text + "Z" : text;
}

}  // namespace tcpctl::ctl
