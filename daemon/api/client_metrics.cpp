// SPDX-License-Identifier: Apache-2.0
#include "api/client_metrics.hpp"

#include <string>
#include <utility>

#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

void add_state(const std::vector<ClientRow>& clients, Families& families) {
  auto up = Family::gauge("tcpctl_client_up", "Whether all wanted connections stand, or the probe is up.");
  auto attempts = Family::counter("tcpctl_client_attempts_total",
                                  "Attempts that are over: connected (a probe: was good), or why not.");
  auto failures = Family::counter("tcpctl_client_failures_total",
                                  "Attempts that failed and connections that were lost, by reason.");
  auto bytes = Family::counter("tcpctl_client_bytes_total", "Bytes received (in) and sent (out).");
  for (const auto& row : clients) {
    up.add({{"client", row.name}}, row.state == "up");
    if (!row.outcomes.contains("connected"))
      attempts.add({{"client", row.name}, {"outcome", "connected"}}, std::uint64_t{0});
    for (const auto& [outcome, count] : row.outcomes) {
      attempts.add({{"client", row.name}, {"outcome", outcome}}, count);
    }
    for (const auto& [reason, count] : row.failures) {
      failures.add({{"client", row.name}, {"reason", reason}}, count);
    }
    bytes.add({{"client", row.name}, {"direction", "in"}}, row.bytes_in);
    bytes.add({{"client", row.name}, {"direction", "out"}}, row.bytes_out);
  }
  put(families, std::move(up));
  put(families, std::move(attempts));
  put(families, std::move(failures));
  put(families, std::move(bytes));
}

void add_connects(const std::vector<ClientRow>& clients, Families& families) {
  auto connect = Family::histogram("tcpctl_client_connect_seconds",
                                   "How long connecting took, where a connection stood in the end.");
  auto overwritten = Family::counter("tcpctl_client_received_overwritten_bytes_total",
                                     "Received bytes that later ones took the place of.");
  for (const auto& row : clients) {
    connect.add({{"client", row.name}}, row.connect_time);
    if (row.mode == "keep") overwritten.add({{"client", row.name}}, row.overwritten);
  }
  put(families, std::move(connect));
  put(families, std::move(overwritten));
}

void add_heartbeats(const std::vector<ClientRow>& clients, Families& families) {
  auto took = Family::histogram("tcpctl_client_heartbeat_seconds", "How long answers to heartbeats took.");
  auto count = Family::counter("tcpctl_client_heartbeats_total",
                               "Heartbeats that are over: answered, or missed, which ended the connection.");
  for (const auto& row : clients) {
    if (!row.heartbeat) continue;
    took.add({{"client", row.name}}, row.heartbeat->took);
    count.add({{"client", row.name}, {"outcome", "answered"}}, row.heartbeat->answered);
    count.add({{"client", row.name}, {"outcome", "missed"}}, row.heartbeat->missed);
  }
  put(families, std::move(took));
  put(families, std::move(count));
}

void add_last_probes(const std::vector<ClientRow>& clients, Families& families) {
  auto success = Family::gauge("tcpctl_probe_success", "Whether the last probe was good.");
  auto took = Family::gauge("tcpctl_probe_duration_seconds", "How long the last probe took.");
  auto phases =
      Family::gauge("tcpctl_probe_phase_seconds",
                    "How long each phase of the last probe took; those that did not happen are absent.");
  for (const auto& row : clients) {
    if (!row.last_probe) continue;
    success.add({{"client", row.name}}, row.last_probe->success);
    took.add({{"client", row.name}}, std::chrono::duration<double>(row.last_probe->took).count());
    for_each_phase(*row.last_probe, [&](const std::string& phase, Duration lasted) {
      phases.add({{"client", row.name}, {"phase", phase}}, std::chrono::duration<double>(lasted).count());
    });
  }
  put(families, std::move(success));
  put(families, std::move(took));
  put(families, std::move(phases));
}

void add_probe_counts(const std::vector<ClientRow>& clients, Families& families) {
  auto runs = Family::counter("tcpctl_probe_runs_total", "Probes that are over, by result word.");
  auto skipped = Family::counter("tcpctl_probe_skipped_total",
                                 "Intervals without a probe, as the one before took so long.");
  auto late =
      Family::counter("tcpctl_probe_late_total", "Probes that began late, as the one before took so long.");
  for (const auto& row : clients) {
    if (!row.probing) continue;
    for (const auto& [result, count] : row.probing->results)
      runs.add({{"client", row.name}, {"result", result}}, count);
    skipped.add({{"client", row.name}}, row.probing->skipped);
    late.add({{"client", row.name}}, row.probing->late);
  }
  put(families, std::move(runs));
  put(families, std::move(skipped));
  put(families, std::move(late));
}

}  // namespace

void add_clients(const std::vector<ClientRow>& clients, Families& families) {
  add_state(clients, families);
  add_connects(clients, families);
  add_heartbeats(clients, families);
  add_last_probes(clients, families);
  add_probe_counts(clients, families);
}

}  // namespace tcpctl::api
