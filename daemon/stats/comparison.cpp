// SPDX-License-Identifier: Apache-2.0
#include "stats/comparison.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "base/units.hpp"

namespace tcpctl {
namespace {

enum class Kind : std::uint8_t { duration, size, count };
constexpr std::array kKinds{
#define X(name, kind) Kind::kind,
    TCPCTL_COMPARISON_FIELDS(X)
#undef X
};

using Sign = Comparison::Sign;
// The longer ones first: "<=" begins with "<".
constexpr std::array<std::pair<std::string_view, Sign>, 7> kSigns{{{"<=", Sign::at_most},
                                                                   {">=", Sign::at_least},
                                                                   {"!=", Sign::not_equal},
                                                                   {"==", Sign::equal},
                                                                   {"<", Sign::less},
                                                                   {">", Sign::more},
                                                                   {"=", Sign::equal}}};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string shown(std::string_view text) { return escaped(as_bytes(text), 64); }

Result<Comparison::Field> parse_field(std::string_view name) {
  const auto* const found = std::ranges::find(kComparisonFields, name);
  if (found != kComparisonFields.end())
    return static_cast<Comparison::Field>(std::distance(kComparisonFields.begin(), found));
  if (const auto meant =
          nearest(name, std::vector<std::string>(kComparisonFields.begin(), kComparisonFields.end())))
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is unknown; did you mean '{}'?", shown(name), *meant));
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is none of {}", shown(name), fmt::join(kComparisonFields, ", ")));
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size()) return value;
  return fail(Errc::invalid_argument, fmt::format("'{}' is no number", shown(text)));
}

Result<std::uint64_t> parse_value(Kind kind, std::string_view text) {
  if (kind == Kind::duration) {
    const auto duration = parse_duration(text);
    if (!duration) return tl::make_unexpected(duration.error());
    return static_cast<std::uint64_t>(duration->count());
  }
  const auto count = parse_count(text);
  if (count || kind == Kind::count) return count;
  const auto size = parse_size(text);
  if (!size) return tl::make_unexpected(size.error());
  return size->count();
}

}  // namespace

bool Comparison::holds(std::uint64_t actual) const {
  switch (sign) {
    case Sign::less:
      return actual < value;
    case Sign::at_most:
      return actual <= value;
    case Sign::equal:
      return actual == value;
    case Sign::not_equal:
      return actual != value;
    case Sign::at_least:
      return actual >= value;
    case Sign::more:
      return actual > value;
  }
  return false;
}

bool Comparison::is_of_tcp() const { return field >= Field::rtt && field != Field::handshake_rtt; }

Result<Comparison> parse_comparison(std::string_view text) {
  const auto at = std::min(text.find_first_of("<>=!"), text.size());
  for (const auto& [written, sign] : kSigns) {
    if (!text.substr(at).starts_with(written)) continue;
    const auto field = parse_field(trimmed(text.substr(0, at)));
    if (!field) return tl::make_unexpected(field.error());
    const auto value =
        parse_value(kKinds.at(static_cast<std::size_t>(*field)), trimmed(text.substr(at + written.size())));
    if (!value) return tl::make_unexpected(value.error());
    return Comparison{*field, sign, *value};
  }
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is no comparison; write 'rtt>50ms' or 'bytes_in>=1MB'", shown(text)));
}

}  // namespace tcpctl
