// SPDX-License-Identifier: Apache-2.0
#include "upstreams/keeper.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"

namespace tcpctl {

UpstreamKeeper::UpstreamKeeper(Worker& worker, std::string listener, std::shared_ptr<const std::string> name,
                               std::shared_ptr<UpstreamStats> stats, Hooks hooks)
    : worker_{worker}, listener_{std::move(listener)}, hooks_{std::move(hooks)} {
  upstream_.name = std::move(name);
  upstream_.stats = std::move(stats);
  upstream_.addresses = std::make_shared<const AddressList>();
  upstream_.operational_state = OperationalState::resolving;
  upstream_.since = upstream_.config_since = upstream_.admin_since = wall_now();
  refresh();
}

void UpstreamKeeper::set_declared(const ForwardPlan::Declared& declared) {
  if (std::exchange(upstream_.config_state, declared.state) != declared.state)
    upstream_.config_since = wall_now();
  upstream_.max_connections = declared.max_connections;
  follow_wishes();
}

void UpstreamKeeper::set_share(std::uint32_t tier, std::uint32_t config_weight, std::uint32_t weight) {
  upstream_.tier = tier;
  upstream_.config_weight = config_weight;
  weight_ = weight;
  upstream_.weight = wish_.weight.value_or(weight_);
  hooks_.changed();
}

void UpstreamKeeper::set_wish(const Wish& wish) {
  if (wish == wish_) return;
  wish_ = wish;
  upstream_.admin_state = wish_.state;
  upstream_.admin_cause = wish_.cause;
  if (wish_.since != WallTime{}) upstream_.admin_since = wish_.since;
  upstream_.weight = wish_.weight.value_or(weight_);
  follow_wishes();
}

void UpstreamKeeper::set_health(std::shared_ptr<const HealthPlan> plan) {
  if (health_ == plan) return;
  const auto before = std::exchange(health_, std::move(plan));
  condition_.set(health_->rules);
  if (!same_checks(*before, *health_)) {
    check_.reset();
  } else if (check_) {
    check_->set_plan(check_plan());
  }
  follow_wishes();
}

void UpstreamKeeper::set_gone() {
  if (upstream_.is_gone) return;
  upstream_.is_gone = true;
  check_.reset();
  condition_ = Condition{health_->rules};  // nothing of what is known now is true when it comes back
  refresh();
  hooks_.changed();
}

void UpstreamKeeper::set_place(const NameState& names, const NameEntry* entry) {
  if (std::exchange(upstream_.is_gone, false)) follow_wishes();
  looked_up_ = names.looked_up;
  upstream_.name_error = entry == nullptr ? names.error : entry->error;
  const auto before = upstream_.addresses;
  if (entry != nullptr) {
    upstream_.addresses = entry->addresses;
  } else if (!before->empty()) {
    upstream_.addresses = std::make_shared<const AddressList>();
  }
  if (upstream_.addresses != before) hooks_.changed();
  refresh();
}

void UpstreamKeeper::follow_wishes() {
  if (upstream_.wanted() == AdminState::maint) {
    check_.reset();
    if (condition_.state() != OperationalState::unknown) condition_.suspend();
  } else {
    const bool was_away = condition_.state() == OperationalState::unknown;
    condition_.resume();
    if (health_->probe && !check_ && !upstream_.is_gone) begin_checks();
    if (check_ && was_away) check_->hurry();
  }
  refresh();
  hooks_.changed();
}

std::shared_ptr<const ProbePlan> UpstreamKeeper::check_plan() const {
  auto plan = std::make_shared<ProbePlan>(*health_->probe);
  plan->dial.upstream = upstream_.name;
  return plan;
}

void UpstreamKeeper::begin_checks() {
  const auto where = [this] { return upstream_.addresses; };
  check_ = std::make_unique<HealthCheck>(worker_, check_plan(), health_->interval, where,
                                         [this](ProbeRow row) { on_check(std::move(row)); });
}

void UpstreamKeeper::on_check(ProbeRow row) {
  const bool good = row.success;
  const auto words = in_words(row);
  upstream_.last_check = std::move(row);
  condition_.on_check(good, words);
  refresh();
}

void UpstreamKeeper::failed(Reason reason, std::uint64_t count) {
  if (upstream_.is_gone) return;
  const bool is_reset = reason == Reason::peer_rst;
  // Which session came first nobody knows over all workers; but one that went well since the last report is
  // the end of a row.
  const auto good = upstream_.stats->sum(is_reset ? &UpstreamShare::answered : &UpstreamShare::connections);
  if (std::exchange(is_reset ? answered_ : connected_, good) != good) condition_.on_good_session();
  condition_.on_failures(count, fmt::format("sessions fail: {}", text(reason)), worker_.time());
  refresh();
}

void UpstreamKeeper::on_deadline() {
  worker_.tick();
  condition_.on_time(worker_.time());
  refresh();
}

void UpstreamKeeper::refresh() {
  if (upstream_.is_gone) {
    upstream_.cause = "DNS names it no longer";
    become(OperationalState::down);
  } else if (!upstream_.addresses->empty()) {
    upstream_.cause = condition_.cause();
    become(condition_.state());
  } else if (looked_up_) {
    upstream_.cause = upstream_.name_error.empty() ? "its name has no address" : upstream_.name_error;
    become(OperationalState::down);
  } else {
    upstream_.cause = "its name is being looked up";
    become(OperationalState::resolving);
  }
  if (const auto due = condition_.due()) {
    worker_.wheel().set(*this, *due);
  } else {
    Wheel::cancel(*this);
  }
}

void UpstreamKeeper::become(OperationalState state) {
  const OperationalState before = std::exchange(upstream_.operational_state, state);
  if (before == state) return;
  upstream_.since = wall_now();
  const auto fields = [&](auto log) {
    log(log::f("listener", listener_), log::f("upstream", *upstream_.name), log::f("cause", upstream_.cause));
  };
  if (state == OperationalState::down) {
    fields([](const auto&... field) { log::warn("upstream.down", field...); });
    tell(EventKind::upstream_down);
    hooks_.went_down(*upstream_.name);
  } else if (before == OperationalState::down && state == OperationalState::up) {
    fields([](const auto&... field) { log::info("upstream.up", field...); });
    tell(EventKind::upstream_up);
  }
  hooks_.changed();
}

void UpstreamKeeper::tell(EventKind kind) {
  EventOutlet& events = worker_.events();
  Event* const event = events.add(kind);
  if (event == nullptr) return;
  event->at = upstream_.since;
  event->party = events.text(std::string_view{listener_});
  event->upstream = events.text(upstream_.name);
  event->detail = events.text(std::string_view{upstream_.cause});
}

}  // namespace tcpctl
