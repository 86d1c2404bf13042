// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "ctl/cells.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/drain_run.hpp"
#include "ctl/format.hpp"
#include "ctl/listing.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::commands {
namespace {

constexpr std::uint32_t kMostWeight = 256;

std::vector<Column> columns(bool of_all) {
  std::vector<Column> columns{
      {.title = "NAME", .field = "name", .min = 8},
      {.title = "ADDRESS", .field = "address", .rank = 1, .min = 15},
      {.title = "STATE", .field = "operational_state", .show = state_cell},
      {.title = "ADMIN", .field = "admin_state", .rank = 4, .show = state_cell},
      {.title = "CONFIG", .field = "config_state", .wide = true, .show = state_cell},
      {.title = "WEIGHT", .field = "weight", .align = Align::right, .rank = 6},
      {.title = "TIER", .field = "tier", .align = Align::right, .wide = true},
      {.title = "BACKUP", .field = "backup", .rank = 7, .show = yes_no_cell},
      {.title = "ACTIVE", .field = "active", .align = Align::right, .rank = 2, .show = count_cell},
      {.title = "MAX", .field = "max_connections", .align = Align::right, .wide = true, .show = count_cell},
      {.title = "TOTAL", .field = "connections_total", .align = Align::right, .rank = 5, .show = count_cell},
      {.title = "FAILED", .field = "failures_total", .align = Align::right, .rank = 3, .show = sum_cell},
      {.title = "P50 MS", .field = "connect_ms.p50", .align = Align::right, .wide = true},
      {.title = "P99 MS", .field = "connect_ms.p99", .align = Align::right, .rank = 8},
      {.title = "SINCE", .field = "since", .wide = true, .show = time_cell},
      {.title = "CAUSE", .field = "cause", .rank = 4, .min = 12}};
  if (of_all) columns.insert(columns.begin(), {.title = "LISTENER", .field = "listener", .min = 8});
  return columns;
}

std::string path_of(const std::string& listener) {
  return "/v1/listeners/" + percent_encoded(listener) + "/upstreams";
}

/// The names of all listeners that forward.
Answer<std::vector<std::string>> forwarding(const Context& context) {
  const auto listeners = all_items(context, "/v1/listeners");
  if (!listeners) return tl::make_unexpected(listeners.error());
  std::vector<std::string> names;
  for (const auto& listener : *listeners) {
    if (listener.text("service") == "forward") names.push_back(listener.text("name").value_or(""));
  }
  return names;
}

Answer<std::vector<Json>> upstreams_of_all(const Context& context) {
  const auto names = forwarding(context);
  if (!names) return tl::make_unexpected(names.error());
  std::vector<Json> rows;
  for (const auto& name : *names) {
    const auto answer = context.get(path_of(name));
    if (!answer && answer.error().exit == Exit::not_found) continue;  // removed meanwhile
    if (!answer) return tl::make_unexpected(answer.error());
    const auto items = answer->items("items");
    rows.insert(rows.end(), items.begin(), items.end());
  }
  return rows;
}

Exit list(Context& context, const Arguments& arguments) {
  const auto listing = read_listing(arguments);
  if (!listing) return context.fail(listing.error());
  const auto of = arguments.get("LISTENER");
  return print_list(context, columns(!of), *listing,
                    [&] { return of ? short_list(context, path_of(*of)) : upstreams_of_all(context); });
}

using Done = std::function<std::string(const Json& upstream)>;

Exit change(Context& context, const Arguments& arguments, const std::string& body, const Done& done) {
  const auto listener = arguments.word("LISTENER");
  const auto upstream = arguments.word("UPSTREAM");
  Call call;
  call.method = "PATCH";
  call.path = path_of(listener) + "/" + percent_encoded(upstream);
  call.body = body;
  const auto answer = context.ask(call);
  if (!answer) return context.fail(answer.error());
  return context.outcome(*answer, "upstream " + upstream + " of " + listener + ": " + done(*answer));
}

Done saying(std::string words) {
  return [words = std::move(words)](const Json&) { return words; };
}

Exit ready(Context& context, const Arguments& arguments) {
  return change(context, arguments, R"({"admin_state": "ready"})", [](const Json& upstream) {
    const auto state = upstream.text("operational_state").value_or("unknown");
    if (state == "up" || state == "unknown") return std::string{"ready; it takes sessions"};
    return "ready, but " + safe(state) + " (" + safe(upstream.text("cause").value_or("")) +
           "); it takes sessions once it is up";
  });
}
/// One of the targets of the service that the upstream `name` stands for: "u1-1", "u1-2".
bool is_target_of(const Json& row, const std::string& name) {
  const auto target = row.text("name").value_or("");
  if (!target.starts_with(name + "-")) return false;
  const auto number = target.substr(name.size() + 1);
  return !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
}

Answer<Draining::State> drain_state(const Context& context, const std::string& listener,
                                    const std::string& upstream) {
  const auto answer = context.get(path_of(listener));
  if (!answer) return tl::make_unexpected(answer.error());
  const auto rows = answer->items("items");
  const bool is_row =
      std::ranges::any_of(rows, [&](const Json& row) { return row.text("name") == upstream; });
  Draining::State state{.remaining = 0, .goes_on = true, .began_at = {}, .ends_at = {}};
  bool is_there = false;
  for (const auto& row : rows) {
    if (is_row ? row.text("name") != upstream : !is_target_of(row, upstream)) continue;
    is_there = true;
    state.remaining += row.count("assigned").value_or(0);
    if (row.text("admin_state") != "drain") state.goes_on = false;
    state.began_at = parse_time(row.text("drain.began_at").value_or(""));
    state.ends_at = parse_time(row.text("drain.ends_at").value_or(""));
  }
  if (!is_there) return refuse(Exit::not_found, "no such upstream");
  return state;
}

Exit drain(Context& context, const Arguments& arguments) {
  const auto time = drain_time(arguments);
  if (!time) return context.fail(time.error());
  const auto most = drain_patience(arguments);
  if (!most) return context.fail(most.error());
  const auto listener = arguments.word("LISTENER");
  const auto upstream = arguments.word("UPSTREAM");
  const auto body = *time ? R"({"admin_state": "drain", "drain": ")" + **time + "\"}"
                          : std::string{R"({"admin_state": "drain"})"};
  const auto words = *time ? "drain; it gets no new sessions, those that stand end within " + **time
                           : std::string{"drain; it gets no new sessions, those that stand go on"};
  const auto exit = change(context, arguments, body, saying(words));
  if (exit != Exit::done || !arguments.has("--wait")) return exit;
  Draining draining;
  draining.label = "upstream " + upstream + " of " + listener;
  draining.listener = listener;
  draining.upstream = upstream;
  draining.undo = "tcpctl upstream ready " + listener + " " + upstream;
  draining.state = [&] { return drain_state(context, listener, upstream); };
  return wait_for_drain(context, draining, *most);
}
Exit maint(Context& context, const Arguments& arguments) {
  return change(context, arguments, R"({"admin_state": "maint"})",
                saying("maint; it gets no new sessions and no checks, sessions that stand go on"));
}

Exit as_configured(Context& context, const Arguments& arguments) {
  return change(context, arguments, R"({"admin_state": null})", [](const Json& upstream) {
    const auto state = safe(upstream.text("admin_state").value_or("unknown"));
    const bool is_configured = upstream.text("admin_state") == upstream.text("config_state");
    return state + (is_configured ? ", as the configuration says" : ", as was set for its whole service");
  });
}

Exit weight(Context& context, const Arguments& arguments) {
  const auto written = arguments.word("WEIGHT");
  if (written == "default") {
    return change(context, arguments, R"({"weight": null})",
                  saying("has the weight of the configuration again"));
  }
  std::uint32_t value = 0;
  const auto* const end = written.data() + written.size();
  const auto [stop, error] = std::from_chars(written.data(), end, value);
  if (error != std::errc{} || stop != end || value > kMostWeight) {
    return context.usage("WEIGHT: '" + safe(written) + "' is neither a number from 0 to " +
                         std::to_string(kMostWeight) + " nor 'default'");
  }
  return change(context, arguments, R"({"weight": )" + std::to_string(value) + "}",
                saying("has weight " + std::to_string(value)));
}

}  // namespace

Noun upstream_noun() {
  const Positional listener{"LISTENER", "the name of a listener with the service forward"};
  const Positional upstream{"UPSTREAM", "the upstream's name: u1, u2 ... where it was given none"};
  return {
      "upstream",
      {"upstreams"},
      "the targets that a forwarding listener connects to",
      {{"list",
        "the upstreams of a listener, or of all, with their state",
        "tcpctl upstream list web",
        {{listener.name, listener.help, Positional::Count::optional}},
        listing_options(),
        list},
       {"ready", "give it sessions again", "tcpctl upstream ready web u1", {listener, upstream}, {}, ready},
       {"drain",
        "give it no new sessions; those that stand go on, or end within a time",
        "tcpctl upstream drain web u1 --time 1m --wait",
        {listener, upstream},
        drain_options(),
        drain},
       {"maint",
        "the same, and check its health no more",
        "tcpctl upstream maint web u1",
        {listener, upstream},
        {},
        maint},
       {"default",
        "leave its state to the configuration again",
        "tcpctl upstream default web u1",
        {listener, upstream},
        {},
        as_configured},
       {"weight",
        "change its share of the sessions until the next start",
        "tcpctl upstream weight web u1 10",
        {listener, upstream, {"WEIGHT", "0 to 256, 0 = no new sessions; or 'default'"}},
        {},
        weight}}};
}

}  // namespace tcpctl::ctl::commands
