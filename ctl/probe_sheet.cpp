// SPDX-License-Identifier: Apache-2.0
#include "ctl/probe_sheet.hpp"

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

std::string milliseconds(const Json& object, std::string_view field) {
  const auto value = object.number(field);
  return value ? micros_text(*value * 1000) : "";
}

Tone tone_of(const Json& step) { return step.truth("ok").value_or(false) ? Tone::plain : Tone::bad; }

std::string step_text(const Json& step) {
  const bool ok = step.truth("ok").value_or(false);
  return fmt::format("step {}  {:<14} {:<6} {}", exact_count(step, "n"), step.text("kind").value_or("-"),
                     ok ? "ok" : "failed", milliseconds(step, "ms"));
}

}  // namespace

void add_probe_facts(Sheet& sheet, const std::string& title, const Json& probe, const View& view) {
  const bool success = probe.truth("success").value_or(false);
  sheet.group(title);
  sheet.fact("Result", probe.text("result").value_or("-") + (success ? ", success" : ", failed"),
             success ? Tone::good : Tone::bad);
  if (const auto step = exact_count(probe, "failed_step"); !step.empty()) sheet.fact("Failed at step", step);
  if (const auto got = probe.text("got")) sheet.fact("Got", *got);
  if (const auto address = probe.text("address")) sheet.fact("Address", *address);
  sheet.fact("At", moment(probe, "at", view, Precision::microseconds));
  sheet.fact("Took", milliseconds(probe, "duration_ms"));
  for (const auto& [phase, took] : probe.members("phases_ms")) {
    if (!took.is_null()) sheet.fact("  " + phase, milliseconds(took, ""));
  }
}

void add_probe(Sheet& sheet, const std::string& title, const Json& probe, const View& view) {
  add_probe_facts(sheet, title, probe, view);
  for (const auto& step : probe.items("steps")) sheet.line(step_text(step), tone_of(step));
}

std::string step_line(const Json& step, const View& view) {
  return toned(safe(step_text(step)), tone_of(step), view.color);
}

}  // namespace tcpctl::ctl
