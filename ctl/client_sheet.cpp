// SPDX-License-Identifier: Apache-2.0
#include "ctl/client_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/ends_sheet.hpp"
#include "ctl/probe_sheet.hpp"
#include "ctl/sheet.hpp"
#include "ctl/sparkline.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kShownSlots = 16;  // -o wide shows all that the API gives
constexpr std::size_t kShownAttempts = 8;

std::string millis(const Json& object, std::string_view field) {
  const auto value = object.number(field);
  return value ? micros_text(*value * 1000) : "";
}

Cell took_cell(const Json& row, std::string_view field, const View&) { return {millis(row, field)}; }

/// "99.95 %": cut, so that 100 % is said of no less.
std::string share(const Json& object, std::string_view field) {
  const auto value = object.number(field);
  if (!value) return {};
  return fmt::format("{:.4g} %", std::floor(*value * 1e4) / 100);
}

void identity(Sheet& sheet, const Json& client, const View& view) {
  const auto state = client.text("state").value_or("");
  sheet.group("Client " + client.text("name").value_or("-"));
  sheet.fact("State", state, tone_of_state(state));
  if (client.text("since")) sheet.fact("Since", moment(client, "since", view, Precision::seconds));
  if (const auto error = client.text("error")) sheet.fact("Error", *error, Tone::bad);
  sheet.fact("Mode", client.text("mode").value_or(""));
  sheet.fact("Address", client.text("address").value_or(""));
  sheet.fact("Resolved", joined(client.items("resolved")));
  if (const auto error = client.text("resolve_error")) sheet.fact("Look-up failed", *error, Tone::bad);
  sheet.fact("Declared in", client.text("source").value_or(""));
}

void connections(Sheet& sheet, const Json& client) {
  sheet.group("Connections");
  sheet.fact("Up",
             exact_count(client, "connections.up") + " of " + exact_count(client, "connections.wanted"));
  sheet.fact("Connecting", exact_count(client, "connections.connecting"));
  sheet.fact("Backing off", exact_count(client, "connections.backing_off"));
  sheet.fact("Attempts", exact_count(client, "attempts_total"));
  sheet.fact("Failed", counts_in_words(client, "failures_total"));
  if (const auto failure = client.text("last_failure")) sheet.fact("Last failure", *failure, Tone::warn);
  if (const auto wait = client.number("next_attempt_in_ms")) sheet.fact("Next try in", span_text(*wait));
  sheet.fact("In", exact_bytes(client, "bytes_in_total"));
  sheet.fact("Out", exact_bytes(client, "bytes_out_total"));
  if (client.count("received_overwritten_bytes_total").value_or(0) > 0)
    sheet.fact("Overwritten", exact_bytes(client, "received_overwritten_bytes_total"), Tone::warn);
  add_ends(sheet, client.at("ends"));
}

/// A table inside the sheet: its lines are the sheet's, which colours none.
void add_rows(Sheet& sheet, const std::vector<Json>& rows, std::vector<Column> columns, View view) {
  constexpr std::size_t kIndent = 2;
  view.color = false;
  if (view.width) view.width = *view.width - std::min(*view.width, kIndent);
  Table table{std::move(columns), view};
  std::istringstream lines{table.print(rows)};
  for (std::string line; std::getline(lines, line);) sheet.line(line);
}

std::vector<Column> slot_columns() {
  return {
      {.title = "N", .field = "n", .align = Align::right},
      {.title = "STATE", .field = "state"},
      {.title = "ID", .field = "connection"},
      {.title = "SINCE", .field = "since", .rank = 1, .show = time_cell},
      {.title = "ATTEMPTS", .field = "attempts_total", .align = Align::right, .rank = 3, .show = count_cell},
      {.title = "FAILED IN A ROW",
       .field = "failures_in_row",
       .align = Align::right,
       .rank = 2,
       .show = count_cell},
      {.title = "NEXT TRY", .field = "next_attempt_in_ms", .align = Align::right, .show = millis_cell}};
}

std::vector<Column> attempt_columns() {
  return {
      {.title = "AT", .field = "attempt.at", .show = time_cell},
      {.title = "N", .field = "n", .align = Align::right},
      {.title = "ADDRESS", .field = "attempt.address", .rank = 2, .min = 15},
      {.title = "OUTCOME", .field = "attempt.outcome"},
      {.title = "TOOK", .field = "attempt.took_ms", .align = Align::right, .rank = 3, .show = took_cell},
      {.title = "STOOD", .field = "attempt.stood_ms", .align = Align::right, .rank = 1, .show = millis_cell},
      {.title = "ENDED BY", .field = "attempt.ended", .rank = 1}};
}

/// Those that tell most first: what is not up, then in their order.
std::vector<Json> slots_to_show(const Json& client, bool all) {
  auto slots = client.items("slots");
  if (all || slots.size() <= kShownSlots) return slots;
  std::ranges::stable_sort(slots, {}, [](const Json& slot) { return slot.text("state") == "up"; });
  slots.resize(kShownSlots);
  return slots;
}

void slots(Sheet& sheet, const Json& client, const View& view) {
  const auto shown = slots_to_show(client, view.wide);
  if (shown.empty()) return;
  sheet.group("Each connection");
  add_rows(sheet, shown, slot_columns(), view);
  const auto wanted = client.count("connections.wanted").value_or(0);
  if (wanted <= shown.size()) return;
  const bool more = client.items("slots").size() > shown.size();
  sheet.line(fmt::format("and {} more{}", wanted - shown.size(), more ? "; see -o wide" : ""));
}

/// The last ones of all connections, the newest first.
void attempts(Sheet& sheet, const Json& client, const View& view) {
  std::vector<Json> all;
  for (const auto& slot : client.items("slots")) {
    for (const auto& attempt : slot.items("last_attempts")) {
      const auto row =
          Json::parse(fmt::format(R"({{"n": {}, "attempt": {}}})", slot.at("n").dump(-1), attempt.dump(-1)));
      if (row) all.push_back(*row);
    }
  }
  if (all.empty()) return;
  std::ranges::stable_sort(all, std::ranges::greater{},
                           [](const Json& row) { return row.text("attempt.at").value_or(""); });
  if (!view.wide && all.size() > kShownAttempts) all.resize(kShownAttempts);
  sheet.group("Last attempts");
  add_rows(sheet, all, attempt_columns(), view);
}

void availability(Sheet& sheet, const Json& client) {
  const auto known = client.at("availability");
  if (!known.is_object()) return;
  sheet.group("Availability");
  sheet.fact("Last hour", share(known, "hour"));
  sheet.fact("Last day", share(known, "day"));
}

/// "▁▂█✕▁  0.21 ms .. 3.40 ms, 1 failed"
std::string recent_text(const Json& client, const View& view) {
  std::vector<std::optional<double>> values;
  std::vector<double> known;
  for (const auto& value : client.items("recent_ms")) {
    values.push_back(value.number());
    if (const auto number = value.number()) known.push_back(*number);
  }
  auto text = sparkline(values, view.unicode);
  if (!known.empty()) {
    const auto [least, most] = std::ranges::minmax(known);
    text += fmt::format("  {} .. {}", micros_text(least * 1000), micros_text(most * 1000));
  }
  const auto failed = values.size() - known.size();
  return failed == 0 ? text : fmt::format("{}, {} failed", text, failed);
}

void times(Sheet& sheet, const Json& client, const View& view) {
  const auto connect = client.at("connect_ms");
  const bool has_recent = !client.items("recent_ms").empty();
  if (!connect.is_object() && !has_recent) return;
  const bool is_probe = client.text("mode") == "probe";
  sheet.group(is_probe ? "How long probes took" : "How long connecting took");
  if (has_recent) sheet.fact("Last ones", recent_text(client, view));
  if (!connect.is_object()) return;
  // Of a probe they are the connects', not those of whole runs.
  sheet.fact(is_probe ? "  connect, half within" : "Half within", millis(connect, "p50"));
  sheet.fact(is_probe ? "  connect, 99 % within" : "99 % within", millis(connect, "p99"));
}

void heartbeat(Sheet& sheet, const Json& client) {
  const auto beat = client.at("heartbeat");
  if (!beat.is_object()) return;
  const auto missed = beat.count("missed_total").value_or(0);
  sheet.group("Heartbeat");
  sheet.fact("Sent", exact_count(beat, "sent_total"));
  sheet.fact("Answered", exact_count(beat, "answered_total"));
  sheet.fact("Missed", exact_count(beat, "missed_total"), missed > 0 ? Tone::warn : Tone::plain);
  sheet.fact("Last answer", millis(beat, "last_ms"));
  sheet.fact("  half within", millis(beat, "answer_ms.p50"));
  sheet.fact("  99 % within", millis(beat, "answer_ms.p99"));
}

void probes(Sheet& sheet, const Json& client, const View& view) {
  if (client.at("results_total").is_object()) {
    sheet.group("Probes");
    sheet.fact("Results", counts_in_words(client, "results_total"));
    sheet.fact("Alike in a row", exact_count(client, "in_row"));
    sheet.fact("Skipped", exact_count(client, "skipped_total"));
    sheet.fact("Begun late", exact_count(client, "late_total"));
  }
  if (client.at("last_probe").is_object()) add_probe(sheet, "Last probe", client.at("last_probe"), view);
}

}  // namespace

std::string client_sheet(const Json& client, const View& view) {
  Sheet sheet{view};
  identity(sheet, client, view);
  connections(sheet, client);
  slots(sheet, client, view);
  attempts(sheet, client, view);
  availability(sheet, client);
  times(sheet, client, view);
  heartbeat(sheet, client);
  probes(sheet, client, view);
  add_members(sheet, "Configuration", client.at("config"));
  return sheet.text();
}

}  // namespace tcpctl::ctl
