// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "connections/worker.hpp"
#include "engine/wheel.hpp"
#include "upstreams/condition.hpp"
#include "upstreams/forward_plan.hpp"
#include "upstreams/health_check.hpp"
#include "upstreams/name_watch.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// Keeps what is known of one upstream up to date: its place, what was declared and wished, and whether it is
/// up.
///
/// Threads: only on the director's loop.
class UpstreamKeeper final : private Deadline {
 public:
  struct Hooks {
    std::function<void()> changed;  // what the pools have to know; what only people read changes silently
    std::function<void(const std::string& upstream)> went_down;
  };

  UpstreamKeeper(Worker& worker, std::string listener, std::shared_ptr<const std::string> name,
                 std::shared_ptr<UpstreamStats> stats, Hooks hooks);
  UpstreamKeeper(const UpstreamKeeper&) = delete;
  UpstreamKeeper& operator=(const UpstreamKeeper&) = delete;

  [[nodiscard]] const Upstream& upstream() const { return upstream_; }
  /// What was declared; the addresses come by `set_place`.
  void set_declared(const ForwardPlan::Declared& declared);
  void set_health(std::shared_ptr<const HealthPlan> plan);
  /// Where it is, as far as that is known: one entry of `names`, or null while there is none.
  void set_place(const NameState& names, const NameEntry* entry);
  void set_target(std::string target) { upstream_.target = std::move(target); }
  void set_share(std::uint32_t tier, std::uint32_t weight);
  /// What was wished at run time; `weight` of none is the configured one.
  void wish(AdminState state, const std::string& cause, WallTime since, std::optional<std::uint32_t> weight);
  /// `count` sessions failed, the last one for `reason`.
  void failed(Reason reason, std::uint64_t count);

 private:
  void on_deadline() override;
  void on_check(ProbeRow row);
  void begin_checks();
  void follow_wishes();
  void refresh();
  void become(OperationalState state);

  Worker& worker_;
  const std::string listener_;
  const Hooks hooks_;
  Upstream upstream_;
  std::optional<std::uint32_t> wished_weight_;
  bool looked_up_{false};
  std::shared_ptr<const HealthPlan> health_ = std::make_shared<const HealthPlan>();
  Condition condition_{HealthRules{}};
  std::uint64_t connected_{0}, answered_{0};  // at the last failure: what has grown since went well
  std::unique_ptr<HealthCheck> check_;        // null where there is none
};

}  // namespace tcpctl
