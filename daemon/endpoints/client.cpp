// SPDX-License-Identifier: Apache-2.0
#include "endpoints/client.hpp"

#include <utility>

#include "endpoints/keep_client.hpp"
#include "endpoints/probe_client.hpp"

namespace tcpctl {

void note_record(ClientRow& row, const ClientRecord& record) {
  const Instant time = now();
  row.attempts = record.attempts;
  row.failures = record.failures.all();
  row.outcomes = record.outcomes.all();
  row.last_failure = record.last_failure;
  row.up_last_hour = record.availability.last_hour(time);
  row.up_last_day = record.availability.last_day(time);
  row.connect_time = record.connect_time.read();
  row.recent = record.recent.all();
  if (record.heartbeat) row.heartbeat = record.heartbeat->row();
}

void note_names(ClientRow& row, const NameState& names) {
  for (const auto& entry : names.entries) {
    for (const auto& address : entry.addresses->all()) row.resolved.push_back(address.text());
  }
  row.resolve_error = names.error;
}

std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver, ConnectPacer& pacer,
                                    std::shared_ptr<const ClientPlan> plan, ClientRecord& record,
                                    CarriedClient carried) {
  if (plan->config->mode == config::ClientMode::probe) {
    for (auto& session : carried.connections) drop(session, "its client is a probe now");
    return std::make_unique<ProbeClient>(worker, resolver, std::move(plan), record);
  }
  return std::make_unique<KeepClient>(worker, resolver, pacer, std::move(plan), record, std::move(carried));
}

}  // namespace tcpctl
