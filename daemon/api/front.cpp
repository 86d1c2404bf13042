// SPDX-License-Identifier: Apache-2.0
#include "api/front.hpp"

#include <utility>

#include <fmt/format.h>

#include "api/thread.hpp"

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
  acceptors_.push_back(std::make_unique<FrontAcceptor>(std::move(socket), door, loop_,
                                                       static_cast<FrontAcceptor::Owner&>(*this)));
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
    });
    loop_.stop();
    thread_.join();
  }
  workers_.stop();
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
  const auto open_before = acceptor.open++;
  auto peer = peer_of(fd.get(), acceptor.door(), remote);
  auto& slot = connections_[id];
  slot.acceptor = &acceptor;
  slot.connection = std::make_unique<FrontConnection>(id, std::move(fd), std::move(peer), loop_,
                                                      static_cast<FrontConnection::Owner&>(*this), limits_);
  slot.connection->start();
  if (open_before >= limits_.connections) {
    slot.connection->answer(raw_problem(503, "too many connections; try again"), true);
  } else if (acceptor.door() == Door::metrics && !access_->serves_metrics_to(remote)) {
    slot.connection->answer(raw_problem(403, "this address may not ask here"), true);
  }
}

void HttpFront::on_request(FrontConnection::Id id, HttpRequest request, const Peer& peer) {
  if (Core::is_instant(request)) {
    // Not at once: the connection would go on to its next pipelined request inside this call.
    loop_.post([this, id, answer = core_.answer(request, peer, *access_)] { deliver(id, answer); });
    return;
  }
  const bool urgent = peer.door == Door::unix_socket;
  const bool taken = workers_.submit(
      [this, id, request = std::move(request), peer, access = access_]() -> FrontWorkers::Task {
        return [this, id, answer = core_.answer(request, peer, *access)] { deliver(id, answer); };
      },
      urgent);
  if (taken) return;
  loop_.post([this, id] {
    deliver(id, {raw_problem(503, "too many requests wait already; try again"), true, nullptr});
  });
}

bool HttpFront::reserve(std::ptrdiff_t bytes) {
  const auto wanted = static_cast<std::ptrdiff_t>(held_) + bytes;
  if (bytes > 0 && wanted > static_cast<std::ptrdiff_t>(limits_.held_bytes)) return false;
  held_ = static_cast<std::size_t>(wanted);
  return true;
}

void HttpFront::on_stream_room(FrontConnection::Id /*id*/) { streams_.has_room(); }

void HttpFront::on_stream_stalled(FrontConnection::Id /*id*/) { streams_.stalled(); }

void HttpFront::on_closed(FrontConnection::Id id) {
  loop_.post([this, id] {
    streams_.closed(id);
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    --found->second.acceptor->open;
    connections_.erase(found);
  });
}

void HttpFront::deliver(FrontConnection::Id id, Core::Answer answer) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  FrontConnection& connection = *found->second.connection;
  if (!answer.stream) {
    connection.answer(std::move(answer.bytes), answer.close);
  } else if (streams_.is_full()) {
    connection.answer(
        raw_problem(503, fmt::format("{} streams of events are open already, and there may be no more; poll "
                                     "with ?since=, or try again later",
                                     limits_.streams)),
        true);
  } else if (connection.stream(answer.bytes)) {
    streams_.open(id, connection, *answer.stream);
  }
}

}  // namespace tcpctl::api
