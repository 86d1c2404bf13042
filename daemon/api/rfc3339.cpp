// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <chrono>

#include "api/query.hpp"

namespace tcpctl::api {
namespace {

/// Reads a text from left to right; after the first misfit nothing fits any more.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_{text} {}

  int digits(std::size_t count, int max) {
    int value = 0;
    const auto part = rest_.substr(0, count);
    const bool plain = part.size() == count && part.find_first_not_of("0123456789") == std::string_view::npos;
    if (plain) std::from_chars(part.data(), part.data() + part.size(), value);
    if (!plain || value > max) good_ = false;
    rest_.remove_prefix(part.size());
    return value;
  }
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      good_ = false;
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  /// Digits after a point; what is finer than a microsecond is cut.
  std::chrono::microseconds fraction() {
    if (!rest_.starts_with('.')) return {};
    rest_.remove_prefix(1);
    const auto size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (size == 0 || size > 9) good_ = false;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i) value = value * 10 + (i < size ? rest_[i] - '0' : 0);
    rest_.remove_prefix(size);
    return std::chrono::microseconds{value};
  }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_{true};
};

std::chrono::minutes offset(Scanner& scan) {
  const char sign = scan.one_of("Zz+- ");
  if (sign == 'Z' || sign == 'z' || sign == '\0') return {};
  const auto hours = scan.digits(2, 23);
  scan.one_of(":");
  const auto minutes = scan.digits(2, 59);
  const std::chrono::minutes east{hours * 60 + minutes};
  return sign == '-' ? -east : east;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  Scanner scan{text};
  const year y{scan.digits(4, 9999)};
  scan.one_of("-");
  const month m{static_cast<unsigned>(scan.digits(2, 12))};
  scan.one_of("-");
  const day d{static_cast<unsigned>(scan.digits(2, 31))};
  scan.one_of("Tt ");
  const hours hour{scan.digits(2, 23)};
  scan.one_of(":");
  const minutes minute{scan.digits(2, 59)};
  scan.one_of(":");
  const seconds second{scan.digits(2, 60)};  // 60: a leap second is the moment that follows it
  const auto fraction = scan.fraction();
  const auto east = offset(scan);
  const year_month_day date{y, m, d};
  if (!scan.done() || !date.ok()) return std::nullopt;
  return sys_days{date} + hour + minute + second + fraction - east;
}

}  // namespace tcpctl::api
