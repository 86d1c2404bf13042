// SPDX-License-Identifier: Apache-2.0
#include "app/listener_entry.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "app/key_table.hpp"
#include "base/log.hpp"
#include "connections/connection.hpp"
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

}  // namespace

ListenerEntry::ListenerEntry(CrewThreads& crew, Wheel& wheel, std::shared_ptr<const ListenerPlan> plan)
    : crew_{crew},
      wheel_{wheel},
      plan_{std::move(plan)},
      worker_{crew.crew().acceptor_of(plan_->owner->name)},
      bindings_{bindings_of(*plan_->config)} {
  bind();
}

ListenerEntry::~ListenerEntry() = default;

void ListenerEntry::set_plan(std::shared_ptr<const ListenerPlan> plan) {
  plan_ = std::move(plan);
  auto wanted = bindings_of(*plan_->config);
  for (auto& binding : wanted) {
    const auto same = std::ranges::find_if(bindings_, [&](const Binding& old) {
      return old.socket && old.configured == binding.configured &&
             old.address.family() == binding.address.family();
    });
    if (same == bindings_.end()) continue;
    binding = std::move(*same);
    bindings_.erase(same);
    adopt_options(*binding.socket, *plan_->config);
  }
  const bool lets_go =
      std::ranges::any_of(bindings_, [](const Binding& old) { return old.socket != nullptr; });
  bindings_ = std::move(wanted);
  // An address may be bound anew once the acceptor has let go of it, too.
  if (lets_go) {
    publish();
    crew_.settle();
  }
  bind();
}

void ListenerEntry::bind() {
  const bool was_bound = is_bound();
  bind_missing(bindings_, *plan_->config);
  publish();
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
  crew_.post(worker_, [plan = plan_, sockets](Hub& hub) { hub.set_listener(plan, sockets); });
}

void ListenerEntry::on_deadline() {
  if (wish_ != Wish::draining) {
    bind();
    return;
  }
  crew_.post_all([name = plan_->owner->name](Hub& hub) {
    hub.end_connections(
        [&](const Connection& connection) {
          const Owner& owner = *connection.facts().owner;
          // Checks of its upstreams are none of its sessions, and would count as failed.
          return owner.kind == Owner::Kind::listener && owner.name == name && owner.in_history;
        },
        Reason::drain, true);
  });
}

void ListenerEntry::pause() {
  wish_ = Wish::paused;
  crew_.post(worker_, [name = plan_->owner->name](Hub& hub) { hub.pause_listener(name); });
}

void ListenerEntry::resume() {
  wish_ = Wish::up;
  Wheel::cancel(*this);
  crew_.post(worker_, [name = plan_->owner->name](Hub& hub) { hub.resume_listener(name); });
  bind();
}

void ListenerEntry::drain(Duration time) {
  pause();
  wish_ = Wish::draining;
  wheel_.set(*this, now() + time);
}

void ListenerEntry::close() {
  wish_ = Wish::closed;
  Wheel::cancel(*this);
  bindings_.clear();
  crew_.post(worker_, [listener = plan_->owner->name](Hub& hub) { hub.remove_listener(listener); });
}

bool ListenerEntry::is_bound() const {
  if (wish_ == Wish::closed) return false;
  return std::ranges::all_of(bindings_, [](const Binding& binding) { return binding.socket != nullptr; });
}

std::string ListenerEntry::error() const {
  std::string errors;
  for (const auto& binding : bindings_) {
    if (binding.socket || binding.error.empty()) continue;
    if (!errors.empty()) errors += "; ";
    errors += binding.error;
  }
  return errors;
}

std::string ListenerEntry::state() const {
  switch (wish_) {
    case Wish::paused:
      return "paused";
    case Wish::draining:
      return plan_->owner->stats->active() > 0 ? "draining" : "drained";
    case Wish::closed:
      return "drained";
    case Wish::up:
      return is_bound() ? "up" : "failed";
  }
  return "up";
}

ListenerRow ListenerEntry::row() const {
  const PartyStats& stats = *plan_->owner->stats;
  ListenerRow row;
  row.name = plan_->owner->name;
  row.source = plan_->config->source == config::Source::file ? "file" : "runtime";
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
  row.config = config::to_json(plan_->config->node, key_table(), "listeners.*", true);
  return row;
}

}  // namespace tcpctl
