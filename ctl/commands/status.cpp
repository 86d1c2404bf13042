// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/format.hpp"
#include "ctl/problems.hpp"
#include "ctl/sheet.hpp"

namespace tcpctl::ctl::commands {
namespace {

std::vector<Column> columns() {
  return {{.title = "VERSION", .field = "version"},
          {.title = "PID", .field = "pid"},
          {.title = "STARTED", .field = "started_at"},
          {.title = "UPTIME", .field = "uptime_seconds"},
          {.title = "WORKERS", .field = "workers"},
          {.title = "ACTIVE", .field = "totals.connections_active"},
          {.title = "TOTAL", .field = "totals.connections_total"},
          {.title = "IN", .field = "totals.bytes_in_total"},
          {.title = "OUT", .field = "totals.bytes_out_total"},
          {.title = "GENERATION", .field = "generation"}};
}

void process(Sheet& sheet, const Json& status, const Context& context) {
  const auto uptime = status.number("uptime_seconds");
  sheet.group("tcpctld " + status.text("version").value_or("-"));
  sheet.fact("Host", context.client().host().text());
  sheet.fact("Process", status.at("pid").raw());
  sheet.fact("Started", moment(status, "started_at", context.view(), Precision::seconds));
  sheet.fact("Up", uptime ? span_text(*uptime * 1000) : "");
  if (const auto drain = drain_text(status, context.view()); !drain.empty())
    sheet.fact("Drains", drain, Tone::warn);
  sheet.fact("Workers", exact_count(status, "workers"));
  sheet.fact("Generation", status.at("generation").raw());
}

void limits(Sheet& sheet, const Json& status) {
  sheet.group("Limits");
  sheet.fact("Connections", exact_count(status, "limits.max_connections"));
  sheet.fact("Files", exact_count(status, "limits.file_limit"));
  const auto level = status.number("overload.level_percent");
  const auto factor = status.number("overload.idle_timeout_factor").value_or(1);
  if (level) sheet.fact("In use", fmt::format("{:.1f} %", *level), factor < 1 ? Tone::bad : Tone::plain);
  if (factor < 1)
    sheet.fact("Idle timeouts", fmt::format("{:.0f} % of what is configured", factor * 100), Tone::bad);
}

/// "11 ESTABLISHED, 2 FIN_WAIT_2"
std::string states_text(const Json& status) {
  std::string states;
  for (const auto& [state, count] : status.members("connections_by_state")) {
    if (count.count().value_or(0) > 0)
      states += fmt::format("{}{} {}", states.empty() ? "" : ", ", count.raw(), state);
  }
  return states;
}

void totals(Sheet& sheet, const Json& status) {
  const auto total = [&](std::string_view name) {
    return exact_count(status, "totals." + std::string{name});
  };
  sheet.group("Totals");
  sheet.fact("Connections",
             total("connections_active") + " open, " + total("connections_total") + " since the start");
  if (const auto states = states_text(status); !states.empty()) sheet.fact("States", states);
  sheet.fact("In", exact_bytes(status, "totals.bytes_in_total"));
  sheet.fact("Out", exact_bytes(status, "totals.bytes_out_total"));
  sheet.fact("Listeners", total("listeners") + ", " + total("listeners_failed") + " failed");
  sheet.fact("Clients", total("clients") + ", " + total("clients_up") + " up");
  sheet.fact("Ended", counts_in_words(status, "totals.closes_by_reason"));
  sheet.fact("Accept pauses", total("accept_pauses_total"));
  const auto memory = status.number("totals.history_bytes");
  sheet.fact("History", total("history_entries") + " kept" + (memory ? " in " + bytes_text(*memory) : "") +
                            ", " + total("history_dropped_total") + " dropped");
  sheet.fact("Events", total("events_total") + " told, " + total("events_kept") + " kept, " +
                           total("events_dropped_total") + " dropped");
  sheet.fact("Event streams", total("event_streams") + " open, " + total("event_streams_cut_total") + " cut");
  sheet.fact("Log lines lost", total("log_dropped_total"));
  sheet.fact("Access log", total("access_log_dropped_total") + " lines dropped, " +
                               total("access_log_errors_total") + " refused by the target");
}

/// The kernel counts these for all sockets of the host together, so that they are in a group of their own.
void host(Sheet& sheet, const Json& status) {
  if (!status.at("host").is_object()) return;
  sheet.group("Whole host, not only tcpctld");
  sheet.fact("Accept queues", "full " + exact_count(status, "host.listen_overflows_total") + " times, " +
                                  exact_count(status, "host.listen_drops_total") + " connections not taken");
}

void last_reload(Sheet& sheet, const Json& status, const View& view) {
  const auto reload = status.at("last_reload");
  if (!reload.is_object()) return;
  const bool ok = reload.truth("ok").value_or(false);
  sheet.group("Last reload");
  sheet.fact("At", moment(reload, "at", view, Precision::seconds));
  sheet.fact("Outcome", ok ? "done" : "failed; the configuration before it stays",
             ok ? Tone::good : Tone::bad);
  for (const auto& error : reload.items("errors")) sheet.line(error.raw(), Tone::bad);
  for (const auto* list : {"added", "removed", "failed"}) {
    if (const auto names = joined(reload.items(list)); !names.empty()) sheet.fact(list, names);
  }
}

void configuration(Sheet& sheet, const Json& status) {
  const auto conflicts = status.count("conflicts").value_or(0);
  const auto unsaved = status.count("unsaved").value_or(0);
  sheet.group("Configuration");
  sheet.fact("Conflicts",
             conflicts == 0 ? "none" : exact_text(conflicts) + "; 'tcpctl config reload' tells which",
             conflicts == 0 ? Tone::plain : Tone::warn);
  sheet.fact(
      "Not saved",
      unsaved == 0 ? "nothing" : exact_text(unsaved) + "; 'tcpctl config save' keeps it for the next start",
      unsaved == 0 ? Tone::plain : Tone::warn);
}

Exit run(Context& context, const Arguments&) {
  const auto status = context.get("/v1/status");
  if (!status) return context.fail(status.error());
  if (!context.for_people()) return context.object(*status, columns());
  Sheet sheet{context.view()};
  process(sheet, *status, context);
  limits(sheet, *status);
  totals(sheet, *status);
  host(sheet, *status);
  configuration(sheet, *status);
  last_reload(sheet, *status, context.view());
  add_members(sheet, "Capabilities", status->at("capabilities"));
  context.print(sheet.text());
  return Exit::done;
}

}  // namespace

Noun status_noun() {
  return {
      "status",
      {},
      "the daemon: version, limits, totals, the last reload",
      {{"", "the daemon: version, limits, totals, the last reload", "tcpctl status -o json", {}, {}, run}}};
}

}  // namespace tcpctl::ctl::commands
