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
/// while DNS names it, and gets it again when it comes back. Else the number of one that went, and whose
/// sessions are over, is given to the next that comes, so that counters by name stay few. Threads: only on
/// the director's loop.
class DeclaredUpstream {
 public:
  using Make = std::function<std::unique_ptr<UpstreamKeeper>(std::shared_ptr<const std::string> name,
                                                             std::shared_ptr<UpstreamStats> stats)>;
  struct Hooks {
    Make make;
    std::function<void()> changed;  // there are others
    /// What was wished of a target, "host:port", or with "" of the upstream as it is declared.
    std::function<Wish(const std::string& target)> wish;
  };
  static constexpr std::size_t kMostSlots = 1024;

  DeclaredUpstream(Resolver& resolver, const ForwardPlan::Declared& declared,
                   std::shared_ptr<const HealthPlan> health, Hooks hooks);
  DeclaredUpstream(const DeclaredUpstream&) = delete;
  DeclaredUpstream& operator=(const DeclaredUpstream&) = delete;

  [[nodiscard]] const ForwardPlan::Declared& declared() const { return declared_; }
  /// A new declaration with the same address.
  void set(const ForwardPlan::Declared& declared, std::shared_ptr<const HealthPlan> health);
  /// Another wish holds.
  void follow_wishes() { on_names(); }
  /// Those that there are just now; among them those that DNS dropped while they have sessions.
  [[nodiscard]] std::vector<UpstreamKeeper*> targets() const;
  /// The one of that name; null if there is none just now.
  [[nodiscard]] const UpstreamKeeper* target(const std::string& name) const;
  /// The upstream as it is declared; of a service, what is true of all its targets together.
  [[nodiscard]] UpstreamRow row() const;

 private:
  /// A name of this upstream: what it stands for may change, its counters stay.
  struct Slot {
    std::shared_ptr<const std::string> name;
    std::shared_ptr<UpstreamStats> stats;
    std::unique_ptr<UpstreamKeeper> keeper;  // null while the number is free
    std::string target{};                    // the last one
    bool is_gone{false};                     // DNS names it no longer
    [[nodiscard]] bool is_over() const { return is_gone && stats->places().taken() == 0; }
  };

  [[nodiscard]] bool is_service() const { return declared_.address.kind == ConnectAddress::Kind::srv; }
  void fill(Slot& slot, const std::string& target);
  void tell(UpstreamKeeper& keeper) const;
  void on_target(Slot& slot, const NameEntry& entry, std::uint32_t tier, std::uint32_t config_weight,
                 std::uint32_t weight);
  void on_names();
  void on_service();
  void drop_gone();
  [[nodiscard]] Wish wish_for(const std::string& target) const;
  [[nodiscard]] Slot* slot_of(const std::string& target);
  [[nodiscard]] Slot* free_slot(const std::string& target);

  ForwardPlan::Declared declared_;
  std::shared_ptr<const HealthPlan> health_;
  const Hooks hooks_;
  std::vector<Slot> slots_;
  std::unique_ptr<UpstreamKeeper> none_;  // stands for the service while DNS names no target
  NameWatch names_;
};

}  // namespace tcpctl
