// SPDX-License-Identifier: Apache-2.0
#include "ctl/problems.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/client.hpp"
#include "ctl/format.hpp"

namespace tcpctl::ctl {
namespace {

using Problems = std::vector<Problem>;

void of_listener(Problems& found, const Json& listener) {
  const auto who = "listener " + listener.text("name").value_or("-");
  const auto state = listener.text("state").value_or("");
  bool told = false;
  for (const auto& address : listener.items("addresses")) {
    if (address.text("state") != "failed") continue;
    told = true;
    const auto configured = address.text("configured").value_or("-");
    auto why = address.text("error").value_or(listener.text("error").value_or("no reason given"));
    if (why.find(configured) == std::string::npos)
      why = fmt::format("cannot listen on {}: {}", configured, why);
    found.push_back({true, fmt::format("{}: {}; it is tried again", who, why)});
  }
  if (state == "failed" && !told)
    found.push_back({true, who + ": " + listener.text("error").value_or("failed")});
  if (state == "paused") found.push_back({false, who + " is paused; 'tcpctl listener resume' ends that"});
  if (state == "draining") {
    found.push_back(
        {false, who + " is draining, " + exact_count(listener, "connections.active") + " connections left"});
  }
  const auto active = listener.number("connections.active");
  const auto limit = listener.number("connections.limit");
  if (active && limit && *limit > 0 && *active >= *limit) {
    found.push_back({true, who + " is full: " + exact_count(listener, "connections.limit") + " connections"});
  }
}

/// "web: 2 of 3 upstreams down since 12:03:00 (L4CON: connection refused)": of the one that went last.
void of_upstreams(Problems& found, const Json& listener, const View& view) {
  const auto upstreams = listener.items("upstreams.items");
  std::vector<Json> down;
  std::ranges::copy_if(upstreams, std::back_inserter(down),
                       [](const Json& each) { return each.text("operational_state") == "down"; });
  if (down.empty()) return;
  const auto last =
      *std::ranges::max_element(down, {}, [](const Json& each) { return each.text("since").value_or(""); });
  auto text = fmt::format("listener {}: {} of {} upstreams down", listener.text("name").value_or("-"),
                          down.size(), upstreams.size());
  if (parse_time(last.text("since").value_or("")))
    text += fmt::format(" since {}", moment(last, "since", view, Precision::seconds));
  if (const auto cause = last.text("cause"); cause && !cause->empty()) text += fmt::format(" ({})", *cause);
  found.push_back({true, text});
}

void of_client(Problems& found, const Json& client) {
  const auto who = "client " + client.text("name").value_or("-");
  const auto state = client.text("state").value_or("");
  if (state == "paused") {
    found.push_back({false, who + " is paused; 'tcpctl client resume' ends that"});
    return;
  }
  if (client.at("last_probe.success").truth() == false) {
    const auto step = exact_count(client, "last_probe.failed_step");
    found.push_back({state != "up", who + ": the last probe failed with " +
                                        client.text("last_probe.result").value_or("-") +
                                        (step.empty() ? "" : " at step " + step)});
    return;
  }
  if (state == "degraded") {
    found.push_back(
        {true, fmt::format("{}: {} of {} connections are up", who, exact_count(client, "connections.up"),
                           exact_count(client, "connections.wanted"))});
    return;
  }
  if (state != "backing_off" && state != "down" && state != "connecting") return;
  auto text = who + " is not connected to " + client.text("address").value_or("-");
  if (const auto why = client.text("last_failure"); why) text += ": " + *why;
  if (const auto wait = client.number("next_attempt_in_ms")) text += "; next try in " + span_text(*wait);
  found.push_back({state != "connecting", text});
}

void of_daemon(Problems& found, const Json& status) {
  if (status.at("last_reload.ok").truth() == false) {
    const auto errors = status.items("last_reload.errors");
    auto text = std::string{"the last reload failed and changed nothing"};
    if (!errors.empty()) text += ": " + errors.front().raw();
    if (errors.size() > 1) text += " (and " + std::to_string(errors.size() - 1) + " more)";
    found.push_back({true, text});
  }
  const auto active = status.number("totals.connections_active");
  const auto limit = status.number("limits.max_connections");
  if (active && limit && *limit > 0 && *active >= 0.9 * *limit) {
    found.push_back({true, exact_count(status, "totals.connections_active") + " of " +
                               exact_count(status, "limits.max_connections") + " connections are open"});
  }
  if (const auto pauses = status.count("totals.accept_pauses_total"); pauses.value_or(0) > 0) {
    found.push_back(
        {false, "accepting paused " + exact_text(*pauses) + " times for want of files or memory"});
  }
  if (const auto lost = status.count("totals.log_dropped_total"); lost.value_or(0) > 0) {
    found.push_back({false, exact_text(*lost) + " log lines were lost"});
  }
  const auto unread = status.count("totals.access_log_dropped_total").value_or(0) +
                      status.count("totals.access_log_errors_total").value_or(0);
  if (unread > 0) found.push_back({false, exact_text(unread) + " lines of the access log were lost"});
}

}  // namespace

std::vector<Json> with_upstreams(std::vector<Json> listeners, std::size_t most,
                                 const std::function<Answer<Json>(const std::string& path)>& get) {
  for (auto& listener : listeners) {
    if (listener.text("service") != "forward" || most == 0) continue;
    --most;
    const auto upstreams =
        get("/v1/listeners/" + percent_encoded(listener.text("name").value_or("")) + "/upstreams");
    if (upstreams) listener = listener.with("upstreams", *upstreams);
  }
  return listeners;
}

std::string drain_text(const Json& status, const View& view) {
  if (!status.at("drain").is_object()) return {};
  const auto left = status.count("totals.connections_active").value_or(0);
  return fmt::format("since {}, {} connection{} left, ends by {}",
                     moment(status, "drain.began_at", view, Precision::seconds), exact_text(left),
                     left == 1 ? "" : "s", moment(status, "drain.ends_at", view, Precision::seconds));
}

std::vector<Problem> problems(const Json& status, const std::vector<Json>& listeners,
                              const std::vector<Json>& clients, const View& view) {
  Problems found;
  if (const auto drain = drain_text(status, view); !drain.empty())
    found.push_back({false, fmt::format("the daemon drains {}", drain)});
  of_daemon(found, status);
  for (const auto& listener : listeners) {
    of_listener(found, listener);
    of_upstreams(found, listener, view);
  }
  for (const auto& client : clients) of_client(found, client);
  Problems sorted;
  for (const bool serious : {true, false}) {
    std::copy_if(found.begin(), found.end(), std::back_inserter(sorted),
                 [serious](const Problem& problem) { return problem.serious == serious; });
  }
  return sorted;
}

}  // namespace tcpctl::ctl
