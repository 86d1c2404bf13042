// SPDX-License-Identifier: Apache-2.0
#include "ctl/time_line.hpp"

#include <optional>

#include <fmt/format.h>

#include "ctl/format.hpp"

namespace tcpctl::ctl {

void add_time_line(Sheet& sheet, const Json& connection, const View& view) {
  const auto entries = connection.items("timeline");
  if (entries.empty()) return;
  sheet.group("Time line");
  std::optional<WallTime> before;
  for (const auto& entry : entries) {
    const auto at = parse_time(entry.text("at").value_or(""));
    const auto when = at ? time_text(*at, view.utc, Precision::microseconds) : "-";
    std::string step;
    if (at && before) step = fmt::format("{:+.6f} s", std::chrono::duration<double>(*at - *before).count());
    if (at) before = at;
    const auto basis = entry.text("basis").value_or("-");
    const auto event = entry.text("event").value_or("-");
    sheet.line(
        fmt::format("{:<27}  {:>14}  {}{}", when, step, event, basis == "seen" ? "" : "  (" + basis + ")"));
  }
}

}  // namespace tcpctl::ctl
