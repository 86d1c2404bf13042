// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <array>
#include <cstdlib>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"

namespace tcpctl {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 7> kDurationUnits{{{"d", 86'400'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};
constexpr std::array<Unit, 9> kSizeUnits{{{"TiB", 1ULL << 40},
                                          {"TB", 1'000'000'000'000},
                                          {"GiB", 1ULL << 30},
                                          {"GB", 1'000'000'000},
                                          {"MiB", 1ULL << 20},
                                          {"MB", 1'000'000},
                                          {"KiB", 1ULL << 10},
                                          {"KB", 1'000},
                                          {"B", 1}}};
constexpr std::uint64_t kLongestDuration = 3650 * kDurationUnits[0].factor;
constexpr std::uint64_t kLargestSize = std::numeric_limits<std::int64_t>::max();
constexpr double kHighestRate = 1e12;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits that `rest` begins with.
std::string_view take_digits(std::string_view& rest) {
  std::size_t count = 0;
  while (count < rest.size() && is_digit(rest[count])) ++count;
  const auto digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

std::string_view take_letters(std::string_view& rest) {
  std::size_t count = 0;
  while (count < rest.size() && !is_digit(rest[count]) && rest[count] != '.') ++count;
  const auto letters = rest.substr(0, count);
  rest.remove_prefix(count);
  return letters;
}

/// The value of `digits`, or nothing where it does not fit.
std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) return std::nullopt;
  }
  return value;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

/// The nanoseconds of the digits behind the point; nothing if they are finer than that. Worked from the last
/// digit, each step divides without rest exactly where the whole does, and no step exceeds ten times
/// `factor`.
std::optional<std::uint64_t> fraction_of(std::string_view digits, std::uint64_t factor) {
  std::uint64_t value = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    value += static_cast<std::uint64_t>(*digit - '0') * factor;
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  return value;
}

tl::unexpected<Error> refuse(std::string_view kind, std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("{} '{}': {}", kind, escaped(as_bytes(text), 64), why));
}

/// One NUMBER UNIT of a duration.
struct Part {
  std::uint64_t nanoseconds;
  const Unit* unit;
  bool fraction;
};

Result<Part> take_part(std::string_view text, std::string_view& rest) {
  constexpr std::string_view kind = "duration";
  const auto whole = take_digits(rest);
  std::string_view behind;
  const bool fraction = rest.starts_with('.');
  if (fraction) {
    rest.remove_prefix(1);
    behind = take_digits(rest);
  }
  if (whole.empty() || (fraction && behind.empty())) {
    return refuse(kind, text, "write a number and a unit, like '5s' or '1h30m'");
  }
  const auto name = take_letters(rest);
  if (name.empty()) return refuse(kind, text, fmt::format("unit missing, write '{}s'", whole));
  const auto* unit = find_unit(kDurationUnits, name);
  if (unit == nullptr) return refuse(kind, text, "the units are ns us ms s m h d, like '5s' or '1h30m'");
  const auto number = number_of(whole);
  std::uint64_t value = 0;
  if (!number || __builtin_mul_overflow(*number, unit->factor, &value) || value > kLongestDuration) {
    return refuse(kind, text, "longer than 10 years");
  }
  const auto part = fraction_of(behind, unit->factor);
  if (!part) return refuse(kind, text, "finer than a nanosecond");
  return Part{value + *part, unit, fraction};
}

/// The largest unit of `units` that divides `value` and gives the shortest text.
std::string shortest(std::uint64_t value) {
  std::string best = fmt::format("{}B", value);
  for (const auto& unit : kSizeUnits) {
    if (value % unit.factor != 0) continue;
    auto candidate = fmt::format("{}{}", value / unit.factor, unit.name);
    if (candidate.size() < best.size()) best = std::move(candidate);
  }
  return best;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::uint64_t sum = 0;
  std::uint64_t previous = std::numeric_limits<std::uint64_t>::max();
  std::string_view rest = text;
  do {
    const auto part = take_part(text, rest);
    if (!part) return tl::make_unexpected(part.error());
    if (part->unit->factor >= previous) {
      return refuse("duration", text, "write each unit once, the largest first, like '1h30m'");
    }
    if (part->fraction && !rest.empty()) {
      return refuse("duration", text, "only the last number may have a fraction");
    }
    previous = part->unit->factor;
    sum += part->nanoseconds;
    if (sum > kLongestDuration) return refuse("duration", text, "longer than 10 years");
  } while (!rest.empty());
  return Duration{static_cast<std::int64_t>(sum)};
}

Result<Bytes> parse_size(std::string_view text) {
  if (text == "0") return Bytes{0};
  std::string_view rest = text;
  const auto digits = take_digits(rest);
  if (digits.empty()) return refuse("size", text, "write a whole number and a unit, like '64KiB'");
  if (rest.empty()) return refuse("size", text, fmt::format("unit missing, write '{}B'", digits));
  const auto* unit = find_unit(kSizeUnits, rest);
  if (unit == nullptr) {
    return refuse("size", text,
                  "write a whole number and one of B KB MB GB TB KiB MiB GiB TiB, like '64KiB'");
  }
  const auto number = number_of(digits);
  std::uint64_t value = 0;
  if (!number || __builtin_mul_overflow(*number, unit->factor, &value) || value > kLargestSize) {
    return refuse("size", text, "too large");
  }
  return Bytes{value};
}

Result<double> parse_rate(std::string_view text) {
  std::string_view rest = text;
  const auto whole = take_digits(rest);
  bool malformed = whole.empty() || whole.size() > 18;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const auto behind = take_digits(rest);
    malformed = malformed || behind.empty() || behind.size() > 18;
  }
  const std::string number{text.substr(0, text.size() - rest.size())};
  if (!malformed && rest.empty()) {
    return refuse("rate", text, fmt::format("unit missing, write '{}/s'", number));
  }
  const double seconds = rest == "/s" ? 1 : rest == "/m" ? 60 : rest == "/h" ? 3600 : 0;
  if (malformed || seconds == 0) return refuse("rate", text, "write events per s, m or h, like '100/s'");
  const double rate = std::strtod(number.c_str(), nullptr) / seconds;
  if (rate <= 0) return refuse("rate", text, "must be above 0; leave the key out for no limit");
  if (rate > kHighestRate) return refuse("rate", text, "too large");
  return rate;
}

Result<Bytes> parse_byte_rate(std::string_view text) {
  constexpr std::string_view hint = "write a size per second, like '1MiB/s'";
  if (!text.ends_with("/s")) return refuse("byte rate", text, hint);
  const auto size = parse_size(text.substr(0, text.size() - 2));
  if (!size) return refuse("byte rate", text, hint);
  if (*size == Bytes{0}) return refuse("byte rate", text, "must be above 0; leave the key out for no limit");
  return *size;
}

std::string duration_text(Duration duration) {
  if (duration.count() <= 0) return "0s";
  std::string text;
  auto rest = static_cast<std::uint64_t>(duration.count());
  for (const auto& unit : kDurationUnits) {
    if (rest < unit.factor) continue;
    text += fmt::format("{}", rest / unit.factor);
    rest %= unit.factor;
    // From the second down units are powers of a thousand, so the rest is a decimal fraction of this one.
    if (unit.factor <= 1'000'000'000 && rest > 0) {
      auto fraction = fmt::format("{}", unit.factor + rest).substr(1);
      fraction.erase(fraction.find_last_not_of('0') + 1);
      text += "." + fraction;
      rest = 0;
    }
    text += unit.name;
    if (rest == 0) break;
  }
  return text;
}

double milliseconds(Duration duration) {
  const auto whole = std::chrono::round<std::chrono::microseconds>(duration);
  return std::chrono::duration<double, std::milli>(whole).count();
}

std::string milliseconds_text(Duration duration) { return fmt::format("{:.3f}", milliseconds(duration)); }

std::string size_text(Bytes size) {
  if (size == Bytes{0}) return "0";
  return shortest(size.count());
}

}  // namespace tcpctl
