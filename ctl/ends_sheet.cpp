// SPDX-License-Identifier: Apache-2.0
#include "ctl/ends_sheet.hpp"

#include <string>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/format.hpp"

namespace tcpctl::ctl {
namespace {

std::string milliseconds_text(double milliseconds) {
  constexpr double kMinute = 60'000;
  return milliseconds < kMinute ? micros_text(milliseconds * 1000) : span_text(milliseconds);
}

/// "p50 0.75 ms, p90 0.95 ms, p99 0.99 ms"; "" where there are none.
std::string quantiles_text(const Json& histogram) {
  std::string text;
  for (const auto* const name : {"p50", "p90", "p99"}) {
    const auto value = histogram.number(name);
    if (value) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, milliseconds_text(*value));
  }
  return text;
}

}  // namespace

void add_ends(Sheet& sheet, const Json& ends) {
  if (ends.count("duration_ms.count").value_or(0) == 0) return;
  sheet.fact("Ended",
             exact_count(ends, "duration_ms.count") + ": " + counts_in_words(ends, "closes_by_reason"));
  sheet.fact("Open for", quantiles_text(ends.at("duration_ms")));
  if (const auto trips = quantiles_text(ends.at("rtt_ms")); !trips.empty()) sheet.fact("Round trip", trips);
}

}  // namespace tcpctl::ctl
