// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "connections/relay.hpp"
#include "stats/party.hpp"
#include "upstreams/condition.hpp"
#include "upstreams/pool.hpp"
#include "upstreams/probe_run.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// How the health of a listener's upstreams is watched.
struct HealthPlan {
  HealthRules rules;
  Duration interval{std::chrono::seconds{2}};
  std::shared_ptr<const ProbePlan> probe;  // of one active check; null: there are none
  bool closes_sessions{false};             // of an upstream that goes down
};
/// The checks of one may go on as those of the other; what is done with their results may differ.
[[nodiscard]] bool same_checks(const HealthPlan& left, const HealthPlan& right);

/// What was declared of a listener's upstreams; made once from the configuration. Immutable but for the
/// counters. Threads: any.
struct ForwardPlan {
  struct Declared {
    /// What it is over reloads: its name where it was given one, else its address, as names by place move on.
    std::string identity;
    std::shared_ptr<const std::string> name;
    ConnectAddress address;
    std::shared_ptr<UpstreamStats> stats;  // by name, the same over reloads
    std::uint32_t weight{1};
    bool backup{false};
    std::uint64_t max_connections{Upstream::kNoLimit};
    AdminState state{AdminState::ready};
  };
  std::vector<Declared> upstreams;
  std::shared_ptr<const RelayOptions> relay;
  PoolOptions pool;
  std::shared_ptr<const HealthPlan> health = std::make_shared<const HealthPlan>();
};

}  // namespace tcpctl
