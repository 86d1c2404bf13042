// SPDX-License-Identifier: Apache-2.0
// What the supervisor tells of what it holds.
#include <algorithm>

#include <unistd.h>

#include "app/key_table.hpp"
#include "app/supervisor.hpp"
#include "base/log.hpp"

namespace tcpctl {

std::vector<ListenerRow> Supervisor::listeners() const {
  std::vector<ListenerRow> rows;
  for (const auto& [name, entry] : listeners_) rows.push_back(entry->row());
  return rows;
}

ListenerEntry* Supervisor::listener(const std::string& name) {
  const auto found = listeners_.find(name);
  return found == listeners_.end() ? nullptr : found->second.get();
}

void Supervisor::complete(ClientRow& row, const std::string& name) const {
  const auto found = design_.clients.find(name);
  if (!found) return;
  const ClientPlan& plan = *found;
  const PartyStats& stats = *plan.owner->stats;
  row.name = name;
  row.source = plan.config->source == config::Source::file ? "file" : "runtime";
  row.mode = plan.config->mode;
  row.address = plan.config->connect.text();
  row.bytes_in = stats.sum(&PartyShare::bytes_in);
  row.bytes_out = stats.sum(&PartyShare::bytes_out);
  row.ends = stats.ends();
  row.config = config::to_json(plan.config->node, key_table(), "clients.*", true);
}

StatusRow Supervisor::status() const {
  StatusRow row;
  row.version = TCPCTL_VERSION;
  row.pid = ::getpid();
  row.started_at = started_wall_;
  row.uptime = now() - started_;
  row.workers = static_cast<std::uint32_t>(crew_.size());
  row.max_connections = limits_.connections;
  row.file_limit = limits_.files;
  row.fullness = crew_.crew().fullness();
  row.idle_timeout_factor = Crew::idle_timeout_factor(row.fullness);
  row.connections_active = crew_.crew().sockets();
  row.connections_total = crew_.connections_opened();
  for (const auto& [name, entry] : listeners_) {
    const PartyStats& stats = *entry->plan().owner->stats;
    row.bytes_in += stats.sum(&PartyShare::bytes_in);
    row.bytes_out += stats.sum(&PartyShare::bytes_out);
    row.listeners_failed += entry->is_bound() ? 0 : 1;
  }
  for (const auto& plan : design_.clients) {
    row.bytes_in += plan->owner->stats->sum(&PartyShare::bytes_in);
    row.bytes_out += plan->owner->stats->sum(&PartyShare::bytes_out);
  }
  row.listeners = listeners_.size();
  row.clients = design_.clients.size();
  row.closes = stats_.closes();
  row.log_dropped = log::dropped();
  row.access_log_dropped = access_log_.dropped();
  row.access_log_errors = access_log_.errors();
  row.events = events_.book().numbered();
  row.events_kept = events_.book().size();
  row.events_dropped = events_.book().dropped();
  row.generation = std::to_string(generation_);
  row.last_reload = last_reload_;
  row.capabilities = {{"events", events_.book().is_on() ? "on" : "off: history.events = 0"},
                      {"relay", "epoll"}};
  return row;
}

void Supervisor::add_ends(StatusRow& row) const {
  for (const auto& [name, entry] : listeners_) row.listener_ends[name] = entry->plan().owner->stats->ends();
  for (const auto& plan : design_.clients) row.client_ends[plan->owner->name] = plan->owner->stats->ends();
}

}  // namespace tcpctl
