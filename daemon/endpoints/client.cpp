// SPDX-License-Identifier: Apache-2.0
#include "endpoints/client.hpp"

#include <utility>

#include "endpoints/keep_client.hpp"
#include "endpoints/probe_client.hpp"

namespace tcpctl {

void note_names(ClientRow& row, const NameState& names) {
  for (const auto& entry : names.entries) {
    for (const auto& address : entry.addresses->all()) row.resolved.push_back(address.text());
  }
  row.resolve_error = names.error;
}

std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver,
                                    std::shared_ptr<const ClientPlan> plan, ClientRecord& record) {
  if (plan->config->mode == "probe")
    return std::make_unique<ProbeClient>(worker, resolver, std::move(plan), record);
  return std::make_unique<KeepClient>(worker, resolver, std::move(plan), record);
}

}  // namespace tcpctl
