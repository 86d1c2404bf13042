// SPDX-License-Identifier: Apache-2.0
#include "api/rows.hpp"

#include <array>
#include <cmath>

namespace tcpctl::api {
namespace {

Json by_name(const std::map<std::string, EndsRow>& rows) {
  Json json = Json::object();
  for (const auto& [name, row] : rows) json[name] = to_json(row);
  return json;
}

Json host_json(const HostRow& row) {
  return {{"listen_overflows_total", row.listen_overflows}, {"listen_drops_total", row.listen_drops}};
}

Json address_json(const BoundRow& row) {
  return {{"configured", row.configured}, {"bound", or_null(row.bound)},
          {"state", row.state},           {"error", or_null(row.error)},
          {"queue", or_null(row.queue)},  {"queue_max", or_null(row.queue_max)}};
}

Json refused_json(const ListenerRow& row) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kRefusals; ++i) {
    json[std::string{text(static_cast<Refusal>(i))}] = row.refused.at(i);
  }
  return json;
}

Json keys_json(const std::vector<std::pair<std::string, std::string>>& keys) {
  Json json = Json::object();
  for (const auto& [key, applies] : keys) json[key] = applies;
  return json;
}

Json conflicts_json(const std::vector<ReloadRow::Conflict>& conflicts) {
  Json json = Json::array();
  for (const auto& conflict : conflicts) {
    json.push_back({{"name", conflict.name},
                    {"file", conflict.file},
                    {"at_run_time", conflict.removed ? "removed" : "changed"},
                    {"wins", conflict.file_won   ? "file"
                             : conflict.is_saved ? "saved"
                                                 : "runtime"}});
  }
  return json;
}

Json drain_json(const std::optional<DrainRow>& drain) {
  if (!drain) return nullptr;
  return {{"began_at", rfc3339(drain->began_at)}, {"ends_at", rfc3339(drain->ends_at)}};
}

}  // namespace

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

Json milliseconds_or_null(const std::optional<Duration>& duration) {
  return duration ? Json(milliseconds(*duration)) : Json{};
}

Json parsed(const std::string& json) {
  auto value = Json::parse(json, nullptr, false);
  return value.is_discarded() ? Json{} : value;
}

Json to_json(const StatusRow& row) {
  using std::chrono::duration;
  return {{"version", row.version},
          {"pid", row.pid},
          {"started_at", rfc3339(row.started_at)},
          {"uptime_seconds", rounded(duration<double>(row.uptime).count(), 1e3)},
          {"workers", row.workers},
          {"limits", {{"max_connections", row.max_connections}, {"file_limit", row.file_limit}}},
          {"overload",
           {{"level_percent", rounded(row.fullness * 100, 10)},
            {"idle_timeout_factor", rounded(row.idle_timeout_factor, 1e3)}}},
          {"totals",
           {{"connections_active", row.connections_active},
            {"connections_total", row.connections_total},
            {"bytes_in_total", row.bytes_in},
            {"bytes_out_total", row.bytes_out},
            {"listeners", row.listeners},
            {"listeners_failed", row.listeners_failed},
            {"clients", row.clients},
            {"clients_up", row.clients_up},
            {"accept_pauses_total", row.accept_pauses},
            {"history_entries", row.history_entries},
            {"history_bytes", row.history_bytes},
            {"history_dropped_total", row.history_dropped},
            {"log_dropped_total", row.log_dropped},
            {"access_log_dropped_total", row.access_log_dropped},
            {"access_log_errors_total", row.access_log_errors},
            {"events_total", row.events},
            {"events_kept", row.events_kept},
            {"events_dropped_total", row.events_dropped},
            {"event_streams", row.event_streams},
            {"event_streams_cut_total", row.event_streams_cut},
            {"final_info_overruns_total", row.final_info_overruns},
            {"final_info_missed_total", row.final_info_missed},
            {"closes_by_reason", closes_by_reason(row.closes)}}},
          {"connections_by_state", Json(row.connections_by_state)},
          {"listeners", by_name(row.listener_ends)},
          {"clients", by_name(row.client_ends)},
          {"host", row.host ? host_json(*row.host) : Json{}},
          {"generation", row.generation},
          {"conflicts", row.conflicts},
          {"unsaved", row.unsaved},
          {"drain", drain_json(row.drain)},
          {"last_reload", row.last_reload ? to_json(*row.last_reload) : Json{}},
          {"capabilities", Json(row.capabilities)}};
}

Json to_json(const ListenerRow& row) {
  Json addresses = Json::array();
  for (const auto& address : row.addresses) addresses.push_back(address_json(address));
  return {{"name", row.name},
          {"source", row.source},
          {"state", row.state},
          {"error", or_null(row.error)},
          {"service", row.service},
          {"addresses", std::move(addresses)},
          {"connections",
           {{"active", row.active},
            {"peak", row.peak},
            {"limit", or_null(row.limit)},
            {"accepted_total", row.accepted},
            {"refused_total", refused_json(row)},
            {"queued", row.queued}}},
          {"bytes_in_total", row.bytes_in},
          {"bytes_out_total", row.bytes_out},
          {"ends", to_json(row.ends)},
          {"drain", drain_json(row.drain)},
          {"config", parsed(row.config)}};
}

Json to_json(const UpstreamRow& row) {
  return {{"name", row.name},
          {"address", row.address},
          {"config_state", row.config_state},
          {"admin_state", row.admin_state},
          {"operational_state", row.operational_state},
          {"cause", or_null(row.cause)},
          {"since", rfc3339(row.since)},
          {"weight", row.weight},
          {"backup", row.backup},
          {"active", row.active},
          {"connections_total", row.connections},
          {"failures_total", Json(row.failures)},
          {"connect_ms",
           {{"p50", quantile_ms(row.connect_time, 0.5)}, {"p99", quantile_ms(row.connect_time, 0.99)}}},
          {"resolved", Json(row.resolved)},
          {"admin_cause", or_null(row.admin_cause)},
          {"admin_since", rfc3339(row.admin_since)},
          {"config_since", rfc3339(row.config_since)},
          {"config_weight", row.config_weight},
          {"tier", row.tier},
          {"max_connections", or_null(row.max_connections)},
          {"assigned", row.assigned},
          {"bytes_in_total", row.bytes_in},
          {"bytes_out_total", row.bytes_out},
          {"last_check", row.last_check ? to_json(*row.last_check) : Json{}},
          {"drain", drain_json(row.drain)}};
}

Json to_json(const ServiceRow& row) {
  Json options = Json::array();
  for (const auto& option : row.options) {
    options.push_back({{"key", option.key},
                       {"type", option.type},
                       {"default", or_null(option.fallback)},
                       {"help", option.help}});
  }
  return {{"name", row.name}, {"help", row.help}, {"options", std::move(options)}};
}

Json to_json(const ReloadRow& row) {
  Json changed = Json::array();
  for (const auto& change : row.changed)
    changed.push_back({{"name", change.name}, {"keys", keys_json(change.keys)}});
  return {{"at", rfc3339(row.at)},
          {"ok", row.ok},
          {"errors", Json(row.errors)},
          {"added", Json(row.added)},
          {"changed", std::move(changed)},
          {"removed", Json(row.removed)},
          {"kept", Json(row.kept)},
          {"failed", Json(row.failed)},
          {"conflicts", conflicts_json(row.conflicts)}};
}

Json to_json(const ChangeRow& row) {
  constexpr std::array<std::string_view, 4> kOutcomes{"created", "changed", "unchanged", "removed"};
  return {{"name", row.name},
          {"outcome", kOutcomes.at(static_cast<std::size_t>(row.outcome))},
          {"dry_run", row.dry_run},
          {"keys", keys_json(row.keys)},
          {"config", row.config.empty() ? Json{} : parsed(row.config)}};
}

Json to_json(const SaveRow& row) {
  return {{"file", row.file},
          {"saved", Json(row.saved)},
          {"removed", Json(row.removed)},
          {"given_back", Json(row.given_back)},
          {"unchanged", row.unchanged},
          {"dry_run", row.dry_run}};
}

Json to_json(const ConfigDiffRow& row) {
  const auto value = [](const std::string& json) { return json.empty() ? Json{} : parsed(json); };
  Json changed = Json::array();
  for (const auto& change : row.changed) {
    Json keys = Json::object();
    for (const auto& [key, running, files] : change.keys)
      keys[key] = {{"running", value(running)}, {"files", value(files)}};
    changed.push_back({{"name", change.name}, {"keys", std::move(keys)}});
  }
  const bool same = row.added.empty() && row.removed.empty() && row.changed.empty() && row.errors.empty();
  return {{"same", same},
          {"added", Json(row.added)},
          {"removed", Json(row.removed)},
          {"changed", std::move(changed)},
          {"conflicts", conflicts_json(row.conflicts)},
          {"errors", Json(row.errors)}};
}

}  // namespace tcpctl::api
