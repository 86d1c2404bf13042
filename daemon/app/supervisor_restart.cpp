// SPDX-License-Identifier: Apache-2.0
// How the supervisor leaves to the next process, and goes on with what the one before left.
#include <chrono>
#include <iterator>
#include <utility>

#include "app/supervisor.hpp"
#include "app/systemd.hpp"
#include "base/log.hpp"
#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr Duration kLook = std::chrono::milliseconds{10};
constexpr Duration kManagerPatience = std::chrono::seconds{5};

}  // namespace

void Supervisor::leave() {
  if (stopping_ != Stopping::no) {
    stop();
    return;
  }
  stopping_ = Stopping::leaving;
  systemd::stopping();
  const Duration most = design_.config->daemon.restart_drain;
  systemd::extend_timeout(most + 2 * kManagerPatience);
  tell_status();
  log::info("daemon.restarting", log::f("connections", crew_.crew().sockets()),
            log::f("restart_drain", duration_text(most)));
  keeper_.leave();
  for (auto& [name, entry] : listeners_) entry->leave();
  crew_.settle();  // who was accepted is on the worker that serves it
  drain_until_ = now() + most;
  step_leaving();
}

// What goes over goes at the last moment, so that it is served until then.
void Supervisor::step_leaving() {
  const bool keeps = design_.config->daemon.keep_connections_over_restart;
  std::uint64_t waits = 0;
  for (const auto& count : crew_.ask_all([keeps](Hub& hub) {
         return keeps ? hub.unportable() : static_cast<std::uint64_t>(hub.worker().connections().size());
       }))
    waits += count.value_or(0);
  const Duration left = drain_until_ - now();
  if (waits == 0 || left <= Duration{0}) {
    if (keeps) hand_over();
    hooks_.stopped();
    return;
  }
  if (left <= design_.config->daemon.restart_drain / 2) {
    crew_.post_all([keeps](Hub& hub) {
      hub.end_connections([keeps](const Connection& one) { return !keeps || !one.is_portable(); },
                          Reason::drain, true);
    });
  }
  wheel_.set(*this, now() + kLook);
}

void Supervisor::hand_over() {
  Carry carry;
  carry.left = now();
  for (auto& part : crew_.ask_all([](Hub& hub) { return hub.carry(); })) {
    carry.sequences.push_back(part ? part->sequence : 0);
    if (!part) continue;
    std::move(part->sessions.begin(), part->sessions.end(), std::back_inserter(carry.sessions));
    carry.received.merge(part->received);
  }
  const std::size_t sessions = carry.sessions.size();
  const auto end = put_carry(std::move(carry));
  if (!end) {
    log::error("restart.not_kept", log::f("sessions", sessions), log::f("error", end.error().what));
    return;
  }
  systemd::store(SocketKeeper::kCarry, end->get());
  if (!systemd::await_manager(kManagerPatience)) log::error("restart.unheard", log::f("sessions", sessions));
  log::info("restart.left", log::f("sessions", sessions));
}

std::shared_ptr<const ListenerPlan> Supervisor::heir_of(const CarriedSession& session) const {
  if (session.is_of_client) return nullptr;
  const auto found = design_.listeners.find(session.owner);
  if (found == design_.listeners.end() || found->second->owner->service != session.service) return nullptr;
  const bool forwards = found->second->forward != nullptr;
  return forwards == session.upstream.has_value() ? found->second : nullptr;
}

// Before any worker counts for its listeners, and before any gives an id.
void Supervisor::expect(Carry& carry) {
  std::size_t worker = 0;
  for (const std::uint64_t sequence : carry.sequences) {
    if (worker < crew_.size())
      crew_.post(worker, [sequence](Hub& hub) { hub.worker().go_on_behind(sequence); });
    ++worker;
  }
  std::erase_if(carry.sessions, [this](CarriedSession& session) {
    if (session.is_of_client) {
      if (design_.clients.contains(session.owner)) return false;
      drop(session, "its client is gone");
      return true;
    }
    if (const auto plan = heir_of(session)) {
      plan->owner->stats->add_opened();
      return false;
    }
    drop(session, "its listener is gone, or has another service");
    return true;
  });
}

std::map<std::string, CarriedClient> Supervisor::sort_clients(Carry& carry) const {
  std::map<std::string, CarriedClient> clients;
  for (auto& session : carry.sessions) {
    if (session.is_of_client) clients[session.owner].connections.push_back(std::move(session));
  }
  for (auto& [name, ring] : carry.received) clients[name].received = std::move(ring);
  return clients;
}

void Supervisor::resume_sessions(Carry carry) {
  if (carry.left == Instant{}) return;
  crew_.settle();  // now each worker knows the upstreams of all listeners
  std::vector<std::vector<std::pair<std::shared_ptr<const ListenerPlan>, CarriedSession>>> parts(
      crew_.size());
  std::uint64_t sessions = carry.sessions.size();
  for (auto& session : carry.sessions) {
    if (session.is_of_client) continue;
    auto plan = heir_of(session);
    const std::size_t worker = worker_of(session.leg.facts.id) % crew_.size();
    parts[worker].emplace_back(std::move(plan), std::move(session));
  }
  for (std::size_t i = 0; i < crew_.size(); ++i) {
    const auto part = std::make_shared<std::remove_reference_t<decltype(parts[i])>>(std::move(parts[i]));
    crew_.post(i, [part](Hub& hub) {
      for (auto& [plan, session] : *part) hub.resume(plan, std::move(session));
    });
  }
  crew_.settle();
  log::info(
      "restart.resumed", log::f("sessions", sessions), log::f("missing", carry.missing),
      log::f("gap_ms", std::chrono::duration_cast<std::chrono::milliseconds>(now() - carry.left).count()));
}

}  // namespace tcpctl
