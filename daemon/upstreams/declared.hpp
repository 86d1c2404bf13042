// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "upstreams/forward_plan.hpp"
#include "upstreams/keeper.hpp"
#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// What one declared upstream stands for: itself, or with `srv:` the targets that DNS names.
///
/// Such targets are called after their upstream and a number: "u1-1", "u1-2" … A target keeps its number
/// while DNS names it; the number of one that went is given to the next that comes, so that counters by name
/// stay few. Threads: only on the director's loop.
class DeclaredUpstream {
 public:
  using Make = std::function<std::unique_ptr<UpstreamKeeper>(std::shared_ptr<const std::string> name,
                                                             std::shared_ptr<UpstreamStats> stats)>;
  struct Hooks {
    Make make;
    std::function<void()> changed;                      // there are others
    std::function<void(const std::string& name)> gone;  // the name stands for another target from now on
  };
  static constexpr std::size_t kMostTargets = 256;

  DeclaredUpstream(Resolver& resolver, const ForwardPlan::Declared& declared,
                   std::shared_ptr<const HealthPlan> health, Hooks hooks);
  DeclaredUpstream(const DeclaredUpstream&) = delete;
  DeclaredUpstream& operator=(const DeclaredUpstream&) = delete;

  [[nodiscard]] const ForwardPlan::Declared& declared() const { return declared_; }
  /// A new declaration with the same address.
  void set(const ForwardPlan::Declared& declared, std::shared_ptr<const HealthPlan> health);
  /// Those that there are just now.
  [[nodiscard]] std::vector<UpstreamKeeper*> targets() const;

 private:
  /// A name of this upstream: what it stands for may change, its counters stay.
  struct Slot {
    std::shared_ptr<const std::string> name;
    std::shared_ptr<UpstreamStats> stats;
    std::unique_ptr<UpstreamKeeper> keeper;  // null while the number is free
  };

  [[nodiscard]] bool is_service() const { return declared_.address.kind == ConnectAddress::Kind::srv; }
  void fill(Slot& slot, std::string target);
  void tell(UpstreamKeeper& keeper) const;
  void on_names();
  void on_service();
  void drop_gone();
  [[nodiscard]] Slot* slot_of(const std::string& target);
  [[nodiscard]] Slot* free_slot();

  ForwardPlan::Declared declared_;
  std::shared_ptr<const HealthPlan> health_;
  const Hooks hooks_;
  std::vector<Slot> slots_;
  std::unique_ptr<UpstreamKeeper> none_;  // stands for the service while DNS names no target
  NameWatch names_;
};

}  // namespace tcpctl
