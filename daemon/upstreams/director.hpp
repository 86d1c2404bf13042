// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connections/drain.hpp"
#include "connections/worker.hpp"
#include "engine/wheel.hpp"
#include "upstreams/declared.hpp"
#include "upstreams/forward_plan.hpp"
#include "upstreams/queue.hpp"
#include "upstreams/resolver.hpp"

namespace tcpctl {

/// Decides, for one listener, which upstreams there are and which of them take new sessions; the only one
/// that makes an UpstreamSet.
///
/// It resolves names, runs health checks, hears of failed sessions, takes the operator's wishes, and keeps
/// the order of those who wait for an upstream. Each new set goes to the pools of all workers. What was
/// wished at run time is kept over changes of the configuration, by the upstream's identity, and over what
/// DNS says, by the target of a service. Threads: only on the loop of the listener's worker.
class Director final : private Deadline {
 public:
  /// The ways to the workers' pools.
  struct Doors {
    std::function<void(const OwnerPtr&, const UpstreamSetPtr&, const PoolOptions&)> publish;
    std::function<void(Ticket)> admit;
    std::function<void(std::size_t worker, std::shared_ptr<UpstreamStats>)> heard;
    /// Ends the sessions that stand with an upstream, everywhere; called behind `publish`.
    std::function<void(const std::string& upstream)> close_sessions;
    /// The same of those whose turn in a drain is before `share`, and that were opened until `by`.
    std::function<void(const std::string& upstream, double share, Instant by)> drain_sessions;
    /// Takes the drain of an upstream that is gone, which goes on to its end.
    std::function<void(std::unique_ptr<Drain>)> keep_draining;
  };

  /// Publishes its first set before it returns.
  Director(Worker& worker, Resolver& resolver, OwnerPtr listener, std::shared_ptr<const ForwardPlan> plan,
           Doors doors);
  Director(const Director&) = delete;
  Director& operator=(const Director&) = delete;
  ~Director();

  void set_plan(OwnerPtr listener, std::shared_ptr<const ForwardPlan> plan);
  [[nodiscard]] const UpstreamSetPtr& upstreams() const { return set_; }
  [[nodiscard]] std::vector<UpstreamRow> rows() const;
  /// `upstream`: one of the rows, or one that is declared, for all its targets. Errors: not_found;
  /// limit_reached, where too much was wished.
  [[nodiscard]] Result<UpstreamRow> change(const std::string& upstream, const UpstreamChange& change);

  // What the pools tell; see DirectorDoor.
  void wait(Ticket ticket, bool again) { queue_.wait(ticket, again, *set_); }
  void leave(Ticket ticket) { queue_.leave(ticket); }
  void admitted(Ticket ticket) { queue_.admitted(ticket, *set_); }
  void freed() { queue_.look(*set_); }
  void failed(std::size_t worker, const std::shared_ptr<UpstreamStats>& upstream, Reason reason,
              std::uint64_t count);

 private:
  static constexpr std::size_t kMostWishes = 4096;
  /// The identity of a declared upstream, and the target of a service, or "".
  using Whose = std::pair<std::string, std::string>;
  void on_deadline() override;
  /// Soon, so that what changes together is told together.
  void publish_soon();
  void publish();
  [[nodiscard]] std::unique_ptr<DeclaredUpstream> make(const ForwardPlan::Declared& declared);
  [[nodiscard]] std::vector<UpstreamKeeper*> keepers() const;
  [[nodiscard]] DeclaredUpstream* declared_as(const std::string& name) const;
  /// Each change of its state ends the drain that there was.
  void drain(const Upstream& upstream, const UpstreamChange& change);
  /// Lets go of the drains of those that the plan does not name any more.
  void part_with_drains();
  [[nodiscard]] UpstreamRow row_of(const Upstream& upstream) const;
  [[nodiscard]] Result<void> wish(const Whose& whose, const UpstreamChange& change);

  Worker& worker_;
  Resolver& resolver_;
  OwnerPtr listener_;
  std::shared_ptr<const ForwardPlan> plan_;
  const Doors doors_;
  std::map<Whose, Wish> wishes_;
  std::map<std::string, std::unique_ptr<Drain>> drains_;  // by the name of the target
  std::vector<std::unique_ptr<DeclaredUpstream>> declared_;
  UpstreamSetPtr set_;
  std::vector<std::string> gone_down_;  // since the last publication
  WaitingQueue queue_;
};

}  // namespace tcpctl
