// SPDX-License-Identifier: Apache-2.0
#include "api/front.hpp"

#include <utility>

#include <fmt/format.h>

#include "engine/thread.hpp"

namespace tcpctl::api {
namespace {

/// So many connections above the limit still get their 503; more are just closed.
constexpr std::size_t kTurnedAway = 32;

}  // namespace

HttpFront::HttpFront(const FrontLimits& limits, Core& core, ControlPlane& control,
                     std::shared_ptr<const Access> access)
    : limits_{limits},
      core_{core},
      loop_{"api"},
      access_{std::move(access)},
      streams_{loop_, control, limits_},
      workers_{loop_, limits.workers, limits.queue} {}

HttpFront::~HttpFront() { stop(); }

void HttpFront::add(ListenSocket socket, Door door) {
  acceptors_.push_back(std::make_unique<FrontAcceptor>(
      std::move(socket), door, loop_, static_cast<FrontAcceptor::Owner&>(*this), limits_.held_bytes));
}

void HttpFront::start() {
  thread_ = named_thread(loop_.name(), [this] { loop_.run(); });
}

void HttpFront::stop() {
  if (thread_.joinable()) {
    loop_.post([this] {
      streams_.forget();
      connections_.clear();
      acceptors_.clear();
      workers_.forget_waiting();
      if (probers_) probers_->forget_waiting();
    });
    loop_.stop();
    thread_.join();
  }
  workers_.stop();
  streams_.stop();
  if (probers_) probers_->stop();
}

std::vector<Loop*> HttpFront::loops() {
  std::vector<Loop*> loops = workers_.loops();
  loops.push_back(&loop_);
  return loops;
}

FrontWorkers& HttpFront::workers_for(const HttpRequest& request) {
  if (!Core::waits_for_others(request)) return workers_;
  // A connection waits for one answer at a time, so that there is a place for each.
  if (!probers_)
    probers_ = std::make_unique<FrontWorkers>(loop_, limits_.probes, 2 * limits_.connections, "probe");
  return *probers_;
}

void HttpFront::set_access(std::shared_ptr<const Access> access) {
  loop_.post([this, access = std::move(access)] {
    const bool is_new = *access != *access_;
    access_ = access;
    if (is_new) streams_.end();  // whoever may still read comes again
  });
}

void HttpFront::on_accepted(FrontAcceptor& acceptor, Fd fd, const Address& remote) {
  if (acceptor.open >= limits_.connections + kTurnedAway) return;
  const auto id = next_id_++;
  const bool has_room = acceptor.open < limits_.connections || make_room(acceptor);
  ++acceptor.open;
  auto peer = peer_of(fd.get(), acceptor.door(), remote);
  auto& slot = connections_[id];
  slot.acceptor = &acceptor;
  slot.connection = std::make_unique<FrontConnection>(id, std::move(fd), std::move(peer), loop_,
                                                      static_cast<FrontConnection::Owner&>(*this),
                                                      acceptor.budget, limits_);
  slot.connection->start();
  if (!has_room) {
    slot.connection->answer(raw_problem(503, "too many connections; try again"), true);
  } else if (acceptor.door() == Door::metrics && !access_->serves_metrics_to(remote)) {
    slot.connection->answer(raw_problem(403, "this address may not ask here"), true);
  }
}

/// Ends the connection of `acceptor` that has waited longest for its peer; false if requests are served on
/// all.
bool HttpFront::make_room(const FrontAcceptor& acceptor) {
  FrontConnection* longest = nullptr;
  for (const auto& [id, slot] : connections_) {
    const auto since = slot.connection->waiting_since();
    if (slot.acceptor != &acceptor || !since) continue;
    if (longest == nullptr || *since < *longest->waiting_since()) longest = slot.connection.get();
  }
  if (longest == nullptr) return false;
  longest->end();
  return true;
}

void HttpFront::on_request(FrontConnection::Id id, HttpRequest request, const Peer& peer) {
  if (Core::is_instant(request)) {
    // Not at once: the connection would go on to its next pipelined request inside this call.
    loop_.post([this, id, answer = core_.answer(request, peer, *access_)] { deliver(id, answer); });
    return;
  }
  const bool urgent = peer.door != Door::http;
  // Nobody's bytes are sent long after he has gone.
  const bool may_wait = request.method == "GET" || !Core::waits_for_others(request);
  request.since = now();
  const bool taken = workers_for(request).submit(
      [this, id, request = std::move(request), peer, access = access_]() -> FrontWorkers::Task {
        return [this, id, answer = core_.answer(request, peer, *access)] { deliver(id, answer); };
      },
      urgent, may_wait);
  if (taken) return;
  loop_.post([this, id] {
    deliver(id, {raw_problem(503, "too many requests wait already; try again"), true, nullptr});
  });
}

void HttpFront::on_stream_room(FrontConnection::Id /*id*/) { streams_.has_room(); }

void HttpFront::on_stream_stalled(FrontConnection::Id /*id*/) { streams_.stalled(); }

void HttpFront::on_closed(FrontConnection::Id id) {
  --connections_.at(id).acceptor->open;
  loop_.post([this, id] {
    streams_.closed(id);
    connections_.erase(id);
  });
}

void HttpFront::deliver(FrontConnection::Id id, Core::Answer answer) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  FrontConnection& connection = *found->second.connection;
  if (!answer.stream) {
    connection.answer(std::move(answer.bytes), answer.close);
  } else if (const Door door = found->second.acceptor->door(); streams_.is_full(door)) {
    connection.answer(
        raw_problem(503,
                    fmt::format("{} streams of events are open already{}, and there may be no more; poll "
                                "with ?since=, or try again later",
                                streams_.most(door), door == Door::unix_socket ? "" : " over HTTP")),
        true);
  } else if (connection.stream(answer.bytes)) {
    streams_.open(id, connection, door, *answer.stream);
  }
}

}  // namespace tcpctl::api
