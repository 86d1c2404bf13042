// SPDX-License-Identifier: Apache-2.0
#include "ctl/probe_sheet.hpp"

#include <fmt/format.h>

#include "ctl/cells.hpp"

namespace tcpctl::ctl {
namespace {

std::string milliseconds(const Json& object, std::string_view field) {
  const auto value = object.number(field);
  return value ? micros_text(*value * 1000) : "";
}

}  // namespace

void add_probe(Sheet& sheet, const std::string& title, const Json& probe, const View& view) {
  const bool success = probe.truth("success").value_or(false);
  sheet.group(title);
  sheet.fact("Result", probe.text("result").value_or("-") + (success ? ", success" : ", failed"),
             success ? Tone::good : Tone::bad);
  if (const auto step = exact_count(probe, "failed_step"); !step.empty()) sheet.fact("Failed at step", step);
  if (const auto got = probe.text("got")) sheet.fact("Got", *got);
  sheet.fact("At", moment(probe, "at", view, Precision::microseconds));
  sheet.fact("Took", milliseconds(probe, "duration_ms"));
  for (const auto& [phase, took] : probe.members("phases_ms")) {
    if (!took.is_null()) sheet.fact("  " + phase, milliseconds(took, ""));
  }
  for (const auto& step : probe.items("steps")) {
    const bool ok = step.truth("ok").value_or(false);
    sheet.line(fmt::format("step {}  {:<14} {:<6} {}", exact_count(step, "n"),
                           step.text("kind").value_or("-"), ok ? "ok" : "failed", milliseconds(step, "ms")),
               ok ? Tone::plain : Tone::bad);
  }
}

}  // namespace tcpctl::ctl
