// SPDX-License-Identifier: Apache-2.0
// What the supervisor tells of what it holds.
#include <algorithm>

#include <unistd.h>

#include "app/key_table.hpp"
#include "app/supervisor.hpp"
#include "base/log.hpp"

namespace tcpctl {
namespace {

// Of the configuration, not of a plan that is in force: where only the source or a spelling changed, that is
// the one before.
template <class Object>
std::string source_text(const Object& object) {
  return object.source == config::Source::file ? "file" : "runtime";
}

}  // namespace

std::vector<ListenerRow> Supervisor::listeners() const {
  std::vector<ListenerRow> rows;
  for (const auto& [name, entry] : listeners_) {
    rows.push_back(entry->row());
    complete(rows.back(), true);
  }
  return rows;
}

std::optional<ListenerRow> Supervisor::listener_row(const std::string& name, bool redact) const {
  const auto found = listeners_.find(name);
  if (found == listeners_.end()) return std::nullopt;
  ListenerRow row = found->second->row();
  complete(row, redact);
  row.tag = tag_of({ObjectKind::listener, name});
  return row;
}

void Supervisor::complete(ListenerRow& row, bool redact) const {
  const config::Listener& listener = *design_.config->listeners.at(row.name);
  row.source = source_text(listener);
  row.config = listener.written.json(key_table(), "listeners.*", redact);
}

ListenerEntry* Supervisor::listener(const std::string& name) {
  const auto found = listeners_.find(name);
  return found == listeners_.end() ? nullptr : found->second.get();
}

void Supervisor::complete(ClientRow& row, const std::string& name, bool redact) const {
  const auto found = design_.clients.find(name);
  if (!found) return;
  const ClientPlan& plan = *found;
  const PartyStats& stats = *plan.owner->stats;
  row.name = name;
  row.source = source_text(*design_.config->clients.at(name));
  row.mode = plan.owner->service;
  row.address = plan.config->connect.text();
  row.bytes_in = stats.sum(&PartyShare::bytes_in);
  row.bytes_out = stats.sum(&PartyShare::bytes_out);
  row.ends = stats.ends();
  row.config = plan.config->written.json(key_table(), "clients.*", redact);
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
    row.listeners_failed += entry->has_failed() ? 1 : 0;
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
  row.conflicts = conflicts_.size();
  row.unsaved = runtime_.all().size() + files_won_.size();
  if (stop_drain_) row.drain = stop_drain_->row();
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
