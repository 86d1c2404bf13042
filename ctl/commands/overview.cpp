// SPDX-License-Identifier: Apache-2.0
#include "ctl/cells.hpp"
#include "ctl/columns.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/listing.hpp"
#include "ctl/problems.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::size_t kMostForwards = 200;  // whose upstreams are asked for

std::string heading(const Json& status, const Context& context) {
  const auto& view = context.view();
  const auto uptime = status.number("uptime_seconds");
  const auto active = status.number("totals.connections_active");
  const auto name = toned("tcpctld " + safe(status.text("version").value_or("-")), Tone::strong, view.color);
  return name + ", up " + (uptime ? span_text(*uptime * 1000) : "-") + ", " +
         (active ? count_text(*active) : "-") + " connections, in " +
         bytes_cell(status, "totals.bytes_in_total", view).text + ", out " +
         bytes_cell(status, "totals.bytes_out_total", view).text + "\n";
}

std::string problem_lines(const std::vector<Problem>& problems, const View& view) {
  if (problems.empty()) return toned("No problems.", Tone::good, view.color) + "\n";
  auto out = toned("Problems", Tone::strong, view.color) + "\n";
  for (const auto& problem : problems) {
    out +=
        "  " +
        toned(problem.serious ? "failed " : "note   ", problem.serious ? Tone::bad : Tone::warn, view.color) +
        safe(problem.text) + "\n";
  }
  return out;
}

std::string table(const std::string& title, const std::vector<Json>& rows, std::vector<Column> columns,
                  const View& view) {
  if (rows.empty()) return "\n" + toned("No " + title + ".", Tone::faint, view.color) + "\n";
  return "\n" + Table{std::move(columns), view}.print(rows);
}

std::string json_text(const Json& status, const std::vector<Json>& listeners,
                      const std::vector<Json>& clients) {
  const auto list = [](const std::vector<Json>& items) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() == 1 ? "\n    " : ",\n    ") + item.dump(-1);
    return out + (items.empty() ? "]" : "\n  ]");
  };
  return "{\n  \"status\": " + status.dump(-1) + ",\n  \"listeners\": " + list(listeners) +
         ",\n  \"clients\": " + list(clients) + "\n}\n";
}

}  // namespace

Exit overview(Context& context) {
  if (context.format() == Format::csv) {
    return context.usage("the overview has no CSV; write 'tcpctl listener -o csv' or 'tcpctl client -o csv'");
  }
  const auto status = context.get("/v1/status");
  if (!status) return context.fail(status.error());
  const auto listeners = all_items(context, "/v1/listeners");
  if (!listeners) return context.fail(listeners.error());
  const auto clients = all_items(context, "/v1/clients");
  if (!clients) return context.fail(clients.error());
  if (context.format() == Format::json) {
    context.print(json_text(*status, *listeners, *clients));
    return Exit::done;
  }
  const auto& view = context.view();
  const auto known =
      with_upstreams(*listeners, kMostForwards, [&](const std::string& path) { return context.get(path); });
  context.print(heading(*status, context) + "\n" +
                problem_lines(problems(*status, known, *clients, view), view) +
                table("listeners", *listeners, listener_columns(), view) +
                table("clients", *clients, client_columns(), view));
  return Exit::done;
}

}  // namespace tcpctl::ctl::commands
