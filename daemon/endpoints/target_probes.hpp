// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "connections/worker.hpp"
#include "endpoints/plan.hpp"
#include "stats/snapshot.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

/// A probe of a target that is given with the question, rather than declared.
struct TargetProbe {
  std::shared_ptr<const ClientPlan> module;     // whose steps are taken, and how it connects
  ConnectAddress target;                        // literal or host
  Duration timeout;                             // of the whole
  std::optional<std::vector<Network>> allowed;  // what may be connected to; none = everything
};

/// Runs probes of targets, each once; they leave no trace in the client's record.
///
/// What is allowed is decided by the addresses that are connected to, when they are: a name that stands for
/// another address a moment later gets nobody further. Threads: only on the worker's loop.
class TargetProbes {
 public:
  /// Errors: denied, where no address of the target is allowed.
  using Done = std::function<void(Result<ProbeRow>)>;

  TargetProbes(Worker& worker, Resolver& resolver);
  TargetProbes(const TargetProbes&) = delete;
  TargetProbes& operator=(const TargetProbes&) = delete;
  ~TargetProbes();

  /// `done` is called once, maybe within this call; not if this is destroyed or stopped before.
  void run(const TargetProbe& probe, Done done);
  void stop();

 private:
  class Run;

  Worker& worker_;
  Resolver& resolver_;
  std::uint64_t last_{0};
  std::unordered_map<std::uint64_t, std::unique_ptr<Run>> runs_;
};

}  // namespace tcpctl
