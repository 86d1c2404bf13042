// SPDX-License-Identifier: Apache-2.0
#include "upstreams/director.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tcpctl {

Director::Director(Worker& worker, Resolver& resolver, OwnerPtr listener,
                   std::shared_ptr<const ForwardPlan> plan, Doors doors)
    : worker_{worker}, resolver_{resolver}, doors_{std::move(doors)}, queue_{doors_.admit} {
  set_plan(std::move(listener), std::move(plan));
}

Director::~Director() {
  for (auto& [name, drain] : drains_) doors_.keep_draining(std::move(drain));
}

void Director::set_plan(OwnerPtr listener, std::shared_ptr<const ForwardPlan> plan) {
  worker_.loop().assert_here();
  listener_ = std::move(listener);
  plan_ = std::move(plan);
  auto before = std::exchange(declared_, {});
  for (const auto& declared : plan_->upstreams) {
    const auto same = std::ranges::find_if(before, [&](const auto& old) {
      return old && *old->declared().name == *declared.name &&
             old->declared().identity == declared.identity && old->declared().address == declared.address;
    });
    if (same == before.end()) {
      declared_.push_back(make(declared));
    } else {
      declared_.push_back(std::move(*same));
      declared_.back()->set(declared, plan_->health);
    }
  }
  before.clear();
  std::erase_if(wishes_, [this](const auto& wish) {
    return std::ranges::none_of(
        declared_, [&](const auto& declared) { return declared->declared().identity == wish.first.first; });
  });
  part_with_drains();
  publish();
}

void Director::part_with_drains() {
  const auto all = keepers();
  for (auto& [name, drain] : drains_) {
    const auto has_name = [&](const UpstreamKeeper* keeper) { return *keeper->upstream().name == name; };
    const auto found = std::ranges::find_if(all, has_name);
    if (found != all.end() && (*found)->upstream().wanted() == AdminState::drain) continue;
    if (found != all.end()) drain->seal(now());  // another has its name now
    doors_.keep_draining(std::move(drain));
  }
  std::erase_if(drains_, [](const auto& drain) { return drain.second == nullptr; });
}

std::unique_ptr<DeclaredUpstream> Director::make(const ForwardPlan::Declared& declared) {
  DeclaredUpstream::Hooks hooks;
  hooks.changed = [this] { publish_soon(); };
  hooks.wish = [this, identity = declared.identity](const std::string& target) {
    const auto found = wishes_.find({identity, target});
    return found == wishes_.end() ? Wish{} : found->second;
  };
  hooks.make = [this](std::shared_ptr<const std::string> name, std::shared_ptr<UpstreamStats> stats) {
    UpstreamKeeper::Hooks told{[this] { publish_soon(); },
                               [this](const std::string& upstream) { gone_down_.push_back(upstream); }};
    return std::make_unique<UpstreamKeeper>(worker_, listener_->name, std::move(name), std::move(stats),
                                            std::move(told));
  };
  return std::make_unique<DeclaredUpstream>(resolver_, declared, plan_->health, std::move(hooks));
}

std::vector<UpstreamKeeper*> Director::keepers() const {
  std::vector<UpstreamKeeper*> all;
  for (const auto& declared : declared_) {
    const auto targets = declared->targets();
    all.insert(all.end(), targets.begin(), targets.end());
  }
  return all;
}

DeclaredUpstream* Director::declared_as(const std::string& name) const {
  const auto found = std::ranges::find_if(
      declared_, [&](const auto& declared) { return *declared->declared().name == name; });
  return found == declared_.end() ? nullptr : found->get();
}

Result<void> Director::wish(const Whose& whose, const UpstreamChange& change) {
  if (wishes_.size() >= kMostWishes && !wishes_.contains(whose))
    return fail(Errc::limit_reached, "too many upstreams were changed at run time");
  Wish& wish = wishes_[whose];
  if (change.admin_state && *change.admin_state != wish.state) {
    wish.state = *change.admin_state;
    wish.since = wall_now();
    wish.cause = wish.state ? "set at run time" : "left to the configuration at run time";
  }
  if (change.weight) wish.weight = *change.weight;
  return {};
}

Result<UpstreamRow> Director::change(const std::string& upstream, const UpstreamChange& change) {
  worker_.loop().assert_here();
  if (DeclaredUpstream* const declared = declared_as(upstream)) {
    if (auto done = wish({declared->declared().identity, ""}, change); !done)
      return tl::make_unexpected(std::move(done).error());
    declared->follow_wishes();
    publish();
    UpstreamRow row = declared->row();
    for (const UpstreamKeeper* const keeper : declared->targets()) {
      drain(keeper->upstream(), change);
      row.drain = row_of(keeper->upstream()).drain;
    }
    return row;
  }
  for (const auto& declared : declared_) {
    const UpstreamKeeper* keeper = declared->target(upstream);
    if (keeper == nullptr) continue;
    if (auto done = wish({declared->declared().identity, keeper->upstream().target}, change); !done)
      return tl::make_unexpected(std::move(done).error());
    declared->follow_wishes();
    publish();
    keeper = declared->target(upstream);  // one that DNS dropped may be over by now
    if (keeper == nullptr) continue;
    drain(keeper->upstream(), change);
    return row_of(keeper->upstream());
  }
  return fail(Errc::not_found, "no upstream '" + upstream + "'");
}

std::vector<UpstreamRow> Director::rows() const {
  std::vector<UpstreamRow> rows;
  for (const UpstreamKeeper* const keeper : keepers()) rows.push_back(row_of(keeper->upstream()));
  return rows;
}

UpstreamRow Director::row_of(const Upstream& upstream) const {
  UpstreamRow row = to_row(upstream);
  if (const auto found = drains_.find(*upstream.name); found != drains_.end())
    row.drain = found->second->row();
  return row;
}

void Director::drain(const Upstream& upstream, const UpstreamChange& change) {
  if (!change.admin_state) return;
  drains_.erase(*upstream.name);
  if (!change.drain) return;
  drains_[*upstream.name] = std::make_unique<Drain>(
      worker_.wheel(), fmt::format("upstream '{}' of '{}'", *upstream.name, listener_->name), *change.drain,
      Drain::Hooks{[end = doors_.drain_sessions, name = *upstream.name](double share, Instant by) {
                     end(name, share, by);
                   },
                   [stats = upstream.stats] { return stats->places().taken(); }});
}

void Director::failed(std::size_t worker, const std::shared_ptr<UpstreamStats>& upstream, Reason reason,
                      std::uint64_t count) {
  for (UpstreamKeeper* const keeper : keepers()) {
    if (keeper->upstream().stats == upstream) keeper->failed(reason, count);
  }
  doors_.heard(worker, upstream);
}

void Director::publish_soon() {
  if (!is_set()) worker_.wheel().set(*this, now());
}

void Director::on_deadline() {
  worker_.tick();
  publish();
}

void Director::publish() {
  Wheel::cancel(*this);
  std::vector<Upstream> all;
  for (const UpstreamKeeper* const keeper : keepers()) all.push_back(keeper->upstream());
  set_ = std::make_shared<const UpstreamSet>(std::move(all));
  doors_.publish(listener_, set_, plan_->pool);
  // Behind the set without them, so that no worker gives one out after its sessions were ended.
  for (const std::string& name : std::exchange(gone_down_, {})) {
    if (plan_->health->closes_sessions) doors_.close_sessions(name);
  }
  queue_.look(*set_);
}

}  // namespace tcpctl
