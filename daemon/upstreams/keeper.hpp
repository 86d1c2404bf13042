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

/// What was wished of an upstream at run time; what is not there is as configured.
struct Wish {
  std::optional<AdminState> state;
  std::string cause;  // of the last change of `state`
  WallTime since{};   // of that; {} = there was none
  std::optional<std::uint32_t> weight;
  friend bool operator==(const Wish&, const Wish&) = default;
};

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
  /// DNS names it no longer: it is down, unchecked, until it gets a place again.
  void set_gone();
  void set_target(std::string target) { upstream_.target = std::move(target); }
  /// `weight`: as configured, or as was wished of what it is part of.
  void set_share(std::uint32_t tier, std::uint32_t config_weight, std::uint32_t weight);
  /// What was wished of itself, or of what it is part of.
  void set_wish(const Wish& wish);
  /// `count` sessions failed, the last one for `reason`.
  void failed(Reason reason, std::uint64_t count);

 private:
  void on_deadline() override;
  void on_check(ProbeRow row);
  void begin_checks();
  [[nodiscard]] std::shared_ptr<const ProbePlan> check_plan() const;
  void follow_wishes();
  void refresh();
  void become(OperationalState state);
  void tell(EventKind kind);

  Worker& worker_;
  const std::string listener_;
  const Hooks hooks_;
  Upstream upstream_;
  Wish wish_;
  std::uint32_t weight_{1};  // where none is wished
  bool looked_up_{false};
  std::shared_ptr<const HealthPlan> health_ = std::make_shared<const HealthPlan>();
  Condition condition_{HealthRules{}};
  std::uint64_t connected_{0}, answered_{0};  // at the last failure: what has grown since went well
  std::unique_ptr<HealthCheck> check_;        // null where there is none
};

}  // namespace tcpctl
