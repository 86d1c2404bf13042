// SPDX-License-Identifier: Apache-2.0
#include "app/listener_entry.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "tcp/info.hpp"

namespace tcpctl {
namespace {

BoundRow bound_row(const Binding& binding, bool paused) {
  BoundRow row;
  row.configured = binding.configured;
  row.error = binding.error;
  row.state = !binding.socket ? "failed" : paused ? "paused" : "listening";
  if (!binding.socket) return row;
  row.bound = binding.socket->bound.text();
  if (const auto info = tcp::read_info(binding.socket->fd.get())) {
    row.queue = info->unacked;
    row.queue_max = info->sacked;
  }
  return row;
}

/// Where they are bound, without their sockets: also those that the kernel had chosen a port for.
std::vector<Binding> places_of(std::vector<Binding> bindings) {
  for (auto& binding : bindings) {
    if (binding.socket) binding.address = binding.socket->bound;
    binding.socket = nullptr;
  }
  return bindings;
}

}  // namespace

ListenerEntry::ListenerEntry(CrewThreads& crew, Wheel& wheel, SocketKeeper& keeper,
                             std::shared_ptr<const ListenerPlan> plan)
    : ListenerEntry{crew, wheel, keeper, plan, bindings_of(*plan->config, keeper.passed())} {
  bind();
}

ListenerEntry::ListenerEntry(CrewThreads& crew, Wheel& wheel, SocketKeeper& keeper,
                             std::shared_ptr<const ListenerPlan> plan, std::vector<Binding> bindings)
    : crew_{crew},
      wheel_{wheel},
      keeper_{keeper},
      plan_{std::move(plan)},
      worker_{crew.crew().acceptor_of(plan_->owner->name)},
      bindings_{std::move(bindings)},
      options_of_{plan_->config} {}

ListenerEntry::~ListenerEntry() = default;

Result<std::unique_ptr<ListenerEntry>> ListenerEntry::bound(CrewThreads& crew, Wheel& wheel,
                                                            SocketKeeper& keeper,
                                                            std::shared_ptr<const ListenerPlan> plan) {
  auto bindings = bindings_of(*plan->config, keeper.passed());
  bind_missing(bindings, *plan->config, keeper.listen_on());
  if (!all_bound(bindings)) return fail(Errc::conflict, errors_of(bindings));
  // make_unique cannot reach the constructor.
  std::unique_ptr<ListenerEntry> entry{
      new ListenerEntry{crew, wheel, keeper, std::move(plan), std::move(bindings)}};
  entry->publish();
  entry->watch_bindings(false);
  return entry;
}

ListenerEntry::Standing ListenerEntry::stand(const config::Listener& config) const {
  auto wanted = bindings_of(config, keeper_.passed());
  const auto unwanted = take_over(wanted, bindings_);
  bind_missing(wanted, config, keeper_.listen_on());
  const bool waits = !all_bound(wanted) && only_waits_for(wanted, unwanted);
  return {std::move(wanted), waits};
}

void ListenerEntry::set_plan(const std::shared_ptr<const ListenerPlan>& plan) {
  auto standing = stand(*plan->config);
  option_error_.clear();
  if (auto done = adopt_options(standing.wanted, *plan->config, *options_of_); done) {
    options_of_ = plan->config;
  } else {
    option_error_ = std::move(done).error().what;
    log::warn("listener.option", log::f("listener", plan->owner->name), log::f("error", option_error_));
  }
  take(plan, std::move(standing));
}

Result<void> ListenerEntry::try_plan(const std::shared_ptr<const ListenerPlan>& plan) {
  auto standing = stand(*plan->config);
  if (!all_bound(standing.wanted) && !standing.waits) return fail(Errc::conflict, errors_of(standing.wanted));
  if (auto done = adopt_options(standing.wanted, *plan->config, *options_of_); !done) return done;
  const auto before = plan_;
  auto places = places_of(bindings_);
  take(plan, std::move(standing));
  if (is_bound()) {
    options_of_ = plan->config;
    option_error_.clear();
    return {};
  }
  auto error = fail(Errc::conflict, errors_of(bindings_));
  static_cast<void>(take_over(places, bindings_));
  static_cast<void>(adopt_options(places, *options_of_, *plan->config));  // which they had
  take(before, {std::move(places), true});
  return error;
}

void ListenerEntry::take(std::shared_ptr<const ListenerPlan> plan, Standing standing) {
  plan_ = std::move(plan);
  bindings_ = std::move(standing.wanted);
  if (standing.waits) {
    publish();
    crew_.settle();
  }
  bind();
}

void ListenerEntry::bind() {
  const bool was_bound = is_bound();
  bind_missing(bindings_, *plan_->config, keeper_.listen_on());
  publish();
  watch_bindings(was_bound);
}

void ListenerEntry::watch_bindings(bool was_bound) {
  if (wish_ == Wish::draining) return;
  if (is_bound()) {
    Wheel::cancel(*this);
    if (!was_bound) log::info("listener.up", log::f("listener", plan_->owner->name));
  } else {
    if (!is_set())
      log::warn("listener.failed", log::f("listener", plan_->owner->name), log::f("error", error()));
    wheel_.set(*this, now() + plan_->config->bind_retry);
  }
}

void ListenerEntry::publish() {
  std::vector<BoundSocketPtr> sockets;
  for (const auto& binding : bindings_) {
    if (binding.socket) sockets.push_back(binding.socket);
  }
  keeper_.keep(plan_->owner->name, sockets);
  crew_.post(worker_, [plan = plan_, sockets](Hub& hub) { hub.set_listener(plan, sockets); });
}

void ListenerEntry::on_deadline() { bind(); }

void ListenerEntry::pause() {
  wish_ = Wish::paused;
  drain_.reset();
  crew_.post(worker_, [name = plan_->owner->name](Hub& hub) { hub.pause_listener(name); });
}

void ListenerEntry::resume() {
  wish_ = Wish::up;
  drain_.reset();
  Wheel::cancel(*this);
  crew_.post(worker_, [name = plan_->owner->name](Hub& hub) { hub.resume_listener(name); });
  bind();
}

void ListenerEntry::drain(Duration time) {
  pause();
  wish_ = Wish::draining;
  Wheel::cancel(*this);
  crew_.settle();  // who was accepted is on the worker that serves it
  const std::string& name = plan_->owner->name;
  drain_ = std::make_unique<Drain>(wheel_, fmt::format("listener '{}'", name), time,
                                   Drain::Hooks{closing(crew_, sessions_of(name)),
                                                [stats = plan_->owner->stats] { return stats->active(); }});
}

void ListenerEntry::close() {
  wish_ = Wish::closed;
  Wheel::cancel(*this);
  bindings_.clear();
  keeper_.keep(plan_->owner->name, {});
  crew_.post(worker_, [listener = plan_->owner->name](Hub& hub) { hub.remove_listener(listener); });
}

void ListenerEntry::leave() {
  wish_ = Wish::closed;
  Wheel::cancel(*this);
  bindings_.clear();
  crew_.post(worker_, [listener = plan_->owner->name](Hub& hub) { hub.leave_listener(listener); });
}

bool ListenerEntry::is_bound() const { return wish_ != Wish::closed && all_bound(bindings_); }

std::string ListenerEntry::state() const {
  switch (wish_) {
    case Wish::paused:
      return "paused";
    case Wish::draining:
    case Wish::closed:
      return plan_->owner->stats->active() > 0 ? "draining" : "drained";
    case Wish::up:
      return is_bound() ? "up" : "failed";
  }
  return "up";
}

ListenerRow ListenerEntry::row() const {
  const PartyStats& stats = *plan_->owner->stats;
  ListenerRow row;
  row.name = plan_->owner->name;
  row.state = state();
  row.error = error();
  row.service = plan_->config->service;
  for (const auto& binding : bindings_) row.addresses.push_back(bound_row(binding, wish_ != Wish::up));
  row.active = stats.active();
  row.peak = stats.peak();
  row.accepted = stats.opened();
  row.limit = plan_->config->max_connections;
  row.queued = plan_->owner->stats->waiting().taken();
  row.refused = stats.refused();
  row.bytes_in = stats.sum(&PartyShare::bytes_in);
  row.bytes_out = stats.sum(&PartyShare::bytes_out);
  row.ends = stats.ends();
  if (drain_) row.drain = drain_->row();
  return row;
}

}  // namespace tcpctl
