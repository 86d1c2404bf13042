// SPDX-License-Identifier: Apache-2.0
#include "ctl/row_filter.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/units.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

/// As names are compared: in small letters, '-' for what separates words.
std::string plain(std::string_view name) {
  std::string out{name};
  for (auto& c : out) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (c == ' ' || c == '_') c = '-';
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What a user writes, in the unit that the field's name tells.
std::optional<double> number_for(std::string_view field, const std::string& text) {
  if (const auto number = number_in(text)) return number;
  if (const auto duration = parse_duration(text)) {
    const auto nanoseconds = static_cast<double>(duration->count());
    if (field.ends_with("_us")) return nanoseconds / 1e3;
    if (field.ends_with("_ms")) return nanoseconds / 1e6;
    return std::nullopt;
  }
  if (const auto size = parse_size(text)) return static_cast<double>(size->count());
  return std::nullopt;
}

std::optional<double> number_of(const Column& column, const Json& row) {
  if (const auto number = row.number(column.field)) return number;
  if (column.show == nullptr || !row.at(column.field).is_object()) return std::nullopt;
  // A map of counts, which people see as its sum.
  double sum = 0;
  for (const auto& [name, value] : row.members(column.field)) {
    const auto number = value.number();
    if (!number) return std::nullopt;
    sum += *number;
  }
  return sum;
}

std::string text_of(const Column& column, const Json& row, const View& view) {
  if (const auto text = row.text(column.field)) return *text;
  return column.show != nullptr ? column.show(row, column.field, view).text : row.at(column.field).raw();
}

bool contains(const std::string& text, const std::string& part) {
  return plain(text).find(plain(part)) != std::string::npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// strverscmp(3), but for leading zeros.
bool comes_before(std::string_view left, std::string_view right) {
  while (!left.empty() && !right.empty()) {
    if (is_digit(left.front()) && is_digit(right.front())) {
      const auto digits = [](std::string_view text) {
        return text.substr(0,
                           static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin()));
      };
      const auto mine = digits(left);
      const auto other = digits(right);
      if (mine.size() != other.size()) return mine.size() < other.size();
      if (mine != other) return mine < other;
      left.remove_prefix(mine.size());
      right.remove_prefix(other.size());
    } else if (left.front() != right.front()) {
      return left.front() < right.front();
    } else {
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
  }
  return left.size() < right.size();
}

struct Key {
  std::optional<double> number;
  std::string text;
  [[nodiscard]] bool is_missing() const { return !number && text.empty(); }
};

bool comes_before(const Key& left, const Key& right) {
  if (left.number && right.number) return *left.number < *right.number;
  if (left.number || right.number) return left.number.has_value();
  return comes_before(std::string_view{left.text}, std::string_view{right.text});
}

}  // namespace

bool is_named(const Column& column, std::string_view name) {
  const auto wanted = plain(name);
  return wanted == plain(column.title) || wanted == plain(column.field);
}

Answer<Column> column_named(const std::vector<Column>& columns, std::string_view name,
                            const std::string& option) {
  const auto found = std::ranges::find_if(columns, [&](const Column& each) { return is_named(each, name); });
  if (found != columns.end()) return *found;
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(plain(column.title));
  std::string advice;
  if (const auto meant = nearest(plain(name), names)) {
    advice = "did you mean '" + *meant + "'?";
  } else {
    advice = "there are ";
    for (const auto& each : names) advice += (&each == &names.front() ? "" : ", ") + each;
  }
  return refuse(Exit::usage, fmt::format("{}: no column '{}'; {}", option, safe(name), advice));
}

Answer<RowFilter> RowFilter::parse(std::string_view text, const std::vector<Column>& columns) {
  static constexpr std::array<std::pair<std::string_view, Sign>, 8> kSigns{{{"<=", Sign::at_most},
                                                                            {">=", Sign::at_least},
                                                                            {"!=", Sign::not_equal},
                                                                            {"==", Sign::equal},
                                                                            {"<", Sign::less},
                                                                            {">", Sign::more},
                                                                            {"=", Sign::equal},
                                                                            {"~", Sign::holds}}};
  const auto at = std::min(text.find_first_of("<>=!~"), text.size());
  for (const auto& [written, sign] : kSigns) {
    if (!text.substr(at).starts_with(written)) continue;
    auto column = column_named(columns, trimmed(text.substr(0, at)), "--filter");
    if (!column) return tl::make_unexpected(column.error());
    return RowFilter{*std::move(column), sign, std::string{trimmed(text.substr(at + written.size()))}};
  }
  return refuse(Exit::usage,
                fmt::format("--filter: '{}' is no comparison; write state=up, name~web, in>1MB", safe(text)));
}

bool RowFilter::compare_numbers(double actual, double wanted) const {
  switch (sign_) {
    case Sign::less:
      return actual < wanted;
    case Sign::at_most:
      return actual <= wanted;
    case Sign::equal:
      return actual == wanted;
    case Sign::not_equal:
      return actual != wanted;
    case Sign::at_least:
      return actual >= wanted;
    case Sign::more:
      return actual > wanted;
    case Sign::holds:
      break;
  }
  return false;
}

bool RowFilter::compare_texts(const std::string& actual) const {
  if (actual.empty()) return (sign_ == Sign::not_equal) != value_.empty();
  const auto left = plain(actual);
  const auto right = plain(value_);
  switch (sign_) {
    case Sign::equal:
      return left == right;
    case Sign::not_equal:
      return left != right;
    case Sign::holds:
      return contains(actual, value_);
    case Sign::less:
      return comes_before(std::string_view{left}, std::string_view{right});
    case Sign::at_most:
      return !comes_before(std::string_view{right}, std::string_view{left});
    case Sign::more:
      return comes_before(std::string_view{right}, std::string_view{left});
    case Sign::at_least:
      return !comes_before(std::string_view{left}, std::string_view{right});
  }
  return false;
}

bool RowFilter::keeps(const Json& row, const View& view) const {
  const auto wanted = number_for(column_.field, value_);
  const auto actual = number_of(column_, row);
  if (wanted && actual && sign_ != Sign::holds) return compare_numbers(*actual, *wanted);
  return compare_texts(text_of(column_, row, view));
}

Answer<void> sort_rows(std::vector<Json>& rows, const std::string& by, const std::vector<Column>& columns,
                       const View& view) {
  const bool descending = by.starts_with('-');
  const auto column = column_named(columns, std::string_view{by}.substr(descending ? 1 : 0), "--sort");
  if (!column) return tl::make_unexpected(column.error());
  std::vector<std::pair<Key, Json>> keyed;
  keyed.reserve(rows.size());
  for (auto& row : rows) {
    Key key{number_of(*column, row), text_of(*column, row, view)};
    keyed.emplace_back(std::move(key), std::move(row));
  }
  std::ranges::stable_sort(keyed, [&](const auto& left, const auto& right) {
    if (left.first.is_missing() || right.first.is_missing())
      return !left.first.is_missing() && right.first.is_missing();
    return descending ? comes_before(right.first, left.first) : comes_before(left.first, right.first);
  });
  for (std::size_t at = 0; at < rows.size(); ++at) rows[at] = std::move(keyed[at].second);
  return {};
}

}  // namespace tcpctl::ctl
