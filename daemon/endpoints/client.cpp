// SPDX-License-Identifier: Apache-2.0
#include "endpoints/client.hpp"

#include <utility>

#include "endpoints/keep_client.hpp"
#include "endpoints/probe_client.hpp"

namespace tcpctl {

std::unique_ptr<Client> make_client(Worker& worker, Resolver& resolver,
                                    std::shared_ptr<const ClientPlan> plan) {
  if (plan->config->mode == "probe") return std::make_unique<ProbeClient>(worker, resolver, std::move(plan));
  return std::make_unique<KeepClient>(worker, resolver, std::move(plan));
}

}  // namespace tcpctl
