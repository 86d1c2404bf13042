// SPDX-License-Identifier: Apache-2.0
#include "upstreams/director.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

Director::Director(Worker& worker, Resolver& resolver, OwnerPtr listener,
                   std::shared_ptr<const ForwardPlan> plan, Doors doors)
    : worker_{worker}, resolver_{resolver}, doors_{std::move(doors)}, queue_{doors_.admit} {
  set_plan(std::move(listener), std::move(plan));
}

Director::~Director() = default;

void Director::set_plan(OwnerPtr listener, std::shared_ptr<const ForwardPlan> plan) {
  worker_.loop().assert_here();
  listener_ = std::move(listener);
  plan_ = std::move(plan);
  auto before = std::exchange(declared_, {});
  for (const auto& declared : plan_->upstreams) {
    const auto same = std::ranges::find_if(before, [&](const auto& old) {
      return old && *old->declared().name == *declared.name && old->declared().address == declared.address;
    });
    if (same == before.end()) {
      declared_.push_back(make(declared));
    } else {
      declared_.push_back(std::move(*same));
      declared_.back()->set(declared, plan_->health);
    }
  }
  before.clear();
  std::erase_if(wishes_, [kept = keepers()](const auto& wish) {
    return std::ranges::none_of(
        kept, [&](const UpstreamKeeper* keeper) { return *keeper->upstream().name == wish.first; });
  });
  publish();
}

std::unique_ptr<DeclaredUpstream> Director::make(const ForwardPlan::Declared& declared) {
  DeclaredUpstream::Hooks hooks;
  hooks.changed = [this] { publish_soon(); };
  hooks.gone = [this](const std::string& name) { wishes_.erase(name); };
  hooks.make = [this](std::shared_ptr<const std::string> name, std::shared_ptr<UpstreamStats> stats) {
    UpstreamKeeper::Hooks told{[this] { publish_soon(); },
                               [this](const std::string& upstream) { went_down(upstream); }};
    auto keeper = std::make_unique<UpstreamKeeper>(worker_, listener_->name, std::move(name),
                                                   std::move(stats), std::move(told));
    tell_wish(*keeper);
    return keeper;
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

void Director::tell_wish(UpstreamKeeper& keeper) const {
  const auto found = wishes_.find(*keeper.upstream().name);
  if (found == wishes_.end()) return;
  const Wish& wish = found->second;
  keeper.wish(wish.state, wish.cause, wish.since, wish.weight);
}

Result<UpstreamRow> Director::change(const std::string& upstream, const UpstreamChange& change) {
  worker_.loop().assert_here();
  const auto all = keepers();
  const auto found = std::ranges::find_if(
      all, [&](const UpstreamKeeper* keeper) { return *keeper->upstream().name == upstream; });
  if (found == all.end()) return fail(Errc::not_found, "no upstream '" + upstream + "'");
  Wish& wish = wishes_[upstream];
  if (wish.since == WallTime{}) wish.since = (*found)->upstream().admin_since;
  if (change.admin_state && *change.admin_state != wish.state) {
    wish.state = *change.admin_state;
    wish.since = wall_now();
    wish.cause = "set at run time";
  }
  if (change.weight) wish.weight = *change.weight;
  tell_wish(**found);
  publish();
  return to_row((*found)->upstream());
}

std::vector<UpstreamRow> Director::rows() const {
  std::vector<UpstreamRow> rows;
  for (const UpstreamKeeper* const keeper : keepers()) rows.push_back(to_row(keeper->upstream()));
  return rows;
}

void Director::failed(std::size_t worker, const std::shared_ptr<UpstreamStats>& upstream, Reason reason,
                      std::uint64_t count) {
  for (UpstreamKeeper* const keeper : keepers()) {
    if (keeper->upstream().stats == upstream) keeper->failed(reason, count);
  }
  doors_.heard(worker, upstream);
}

void Director::went_down(const std::string& upstream) {
  if (plan_->health->closes_sessions) doors_.close_sessions(upstream);
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
  queue_.look(*set_);
}

}  // namespace tcpctl
