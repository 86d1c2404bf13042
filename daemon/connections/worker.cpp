// SPDX-License-Identifier: Apache-2.0
#include "connections/worker.hpp"

#include <utility>

#include <sys/time.h>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr Duration kRecheck = std::chrono::milliseconds{200};
constexpr Duration kLookAgain = std::chrono::milliseconds{20};  // no event tells that all is acknowledged
constexpr Duration kSettle = std::chrono::seconds{1};

}  // namespace

Worker::Worker(std::size_t index, Loop& loop, std::size_t history_limit, std::size_t pipes)
    : index_{index},
      loop_{loop},
      wheel_{loop},
      buffer_(kBufferBytes),
      pipes_{pipes},
      time_{now()},
      history_{history_limit},
      later_{evtimer_new(loop.base(), &Worker::on_later, this)},
      orphans_{*this},
      parking_{*this},
      recheck_{*this, kRecheck, &Connection::recheck},
      look_again_{*this, kLookAgain, &Connection::look_again},
      settle_{*this, kSettle, &Connection::settle},
      park_{*this, kSilence, &Connection::park_if_idle} {}

Worker::~Worker() = default;

WallTime Worker::wall_at(Instant when) {
  constexpr Duration kValid = std::chrono::seconds{1};
  if (compared_ == Instant{} || when - compared_ >= kValid) {
    compared_ = now();
    compared_wall_ = wall_now();
  }
  return to_wall(when, compared_, compared_wall_);
}

void Worker::adopt(std::unique_ptr<Connection> connection) {
  loop_.assert_here();
  const ConnectionId id = connection->facts().id;
  if (auto before = connections_.replace(id, connection)) {
    retired_.push_back(std::move(before));
    wake_later();
    return;
  }
  const bool is_check = !connection->facts().owner->in_history;
  connections_.add(id, std::move(connection));
  load_.add();
  if (!is_check) opened_.add();  // checks are no sessions
}

void Worker::retire(Connection& connection) {
  loop_.assert_here();
  auto taken = connections_.take(connection.facts().id);
  if (!taken) return;
  retired_.push_back(std::move(taken));
  wakers_.erase(connection.facts().id);
  load_.sub();
  wake_later();
}

void Worker::again(Connection& connection) {
  again_.push_back(&connection);
  wake_later();
}

void Worker::wake(ConnectionId id, Instant when) {
  loop_.assert_here();
  wheel_.set(wakers_.try_emplace(id, *this, id).first->second, when);
}

void Worker::Waker::on_deadline() {
  worker.tick();
  // This goes with its connection, maybe within the call.
  if (Connection* const connection = worker.find(id)) connection->woken();
}

Worker::Room Worker::hold_room() {
  loop_.assert_here();
  load_.add();
  held_.add();
  return Room{this};
}

void Worker::GiveBack::operator()(Worker* worker) const {
  worker->held_.sub();
  worker->load_.sub();
}

void Worker::for_each(const std::function<void(Connection&)>& task) {
  // Ending changes the set, so the ids come first; an id that is gone by then was the other leg of one
  // before.
  std::vector<ConnectionId> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  for (const ConnectionId id : ids) {
    if (Connection* const connection = find(id)) task(*connection);
  }
}

Connection* Worker::find(ConnectionId id) { return connections_.find(id); }

void Worker::wake_later() {
  if (later_set_) return;
  later_set_ = true;
  const timeval at_once{0, 0};
  evtimer_add(later_.get(), &at_once);
}

void Worker::on_later(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  auto& worker = *static_cast<Worker*>(self);
  worker.later_set_ = false;
  worker.tick();
  const auto again = std::exchange(worker.again_, {});
  for (Connection* const connection : again) connection->on_turn();
  // Only now: what was retired may have stood in the list of those that had their turn. It may have asked for
  // another one, too, before it ended in the turn of somebody else.
  if (!worker.retired_.empty()) {
    std::erase_if(worker.again_, [](const Connection* connection) {
      return connection->stage() == Connection::Stage::gone;
    });
  }
  worker.retired_.clear();
}

}  // namespace tcpctl
