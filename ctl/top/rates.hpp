// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "ctl/json.hpp"

namespace tcpctl::ctl::top {

/// Bytes a second of what has counters of bytes, from one look to the next. Threads: one.
class Rates {
 public:
  static constexpr std::size_t kKept = 30;  // the last ones, for a sparkline

  /// A look at `rows`, named by `name`, whose counters are `in` and `out`. Who is not among them is
  /// forgotten. A counter that went back has begun anew, and has no rate this time.
  void take(const std::vector<Json>& rows, std::string_view name, std::string_view in, std::string_view out,
            Instant at);

  struct Rate {
    std::optional<double> in, out;
  };
  [[nodiscard]] Rate of(const std::string& name) const;
  /// Both directions together, the newest last.
  [[nodiscard]] std::vector<std::optional<double>> latest(const std::string& name, std::size_t most) const;

 private:
  struct Entry {
    double in{0}, out{0};
    Instant at{};
    Rate rate{};
    std::deque<std::optional<double>> sums{};
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace tcpctl::ctl::top
