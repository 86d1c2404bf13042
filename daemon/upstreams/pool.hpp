// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connections/relay.hpp"
#include "stats/party.hpp"
#include "upstreams/names.hpp"

namespace tcpctl {

/// What all workers share of a listener's upstreams; immutable but for the counters.
struct ForwardPlan {
  struct Upstream {
    std::shared_ptr<const std::string> name;
    ConnectAddress address;
    std::shared_ptr<UpstreamStats> stats;
  };
  std::vector<Upstream> upstreams;
  std::shared_ptr<const RelayOptions> relay;
};

/// The upstreams of one listener on one worker, chosen in turn.
///
/// Threads: only on the worker's loop.
class Pool {
 public:
  Pool(std::size_t worker, Resolver& resolver, std::shared_ptr<const ForwardPlan> plan);

  [[nodiscard]] const std::shared_ptr<const ForwardPlan>& plan() const { return plan_; }
  /// The targets of a new session: each upstream once, from the next in turn on. It may outlive the pool.
  [[nodiscard]] std::unique_ptr<TargetSource> session();

 private:
  class Session;
  struct Shared;

  const std::shared_ptr<const ForwardPlan> plan_;
  std::shared_ptr<Shared> shared_;  // with its sessions, all on this loop
  std::size_t next_{0};
};

}  // namespace tcpctl
