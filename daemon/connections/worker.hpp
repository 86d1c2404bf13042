// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "connections/access_outlet.hpp"
#include "connections/connection_set.hpp"
#include "connections/event_outlet.hpp"
#include "connections/history.hpp"
#include "connections/orphans.hpp"
#include "connections/parking.hpp"
#include "connections/pipe_pool.hpp"
#include "connections/reminder.hpp"
#include "engine/loop.hpp"
#include "engine/wheel.hpp"
#include "stats/counter.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

class Connection;

/// What the connections of one loop share: the set of them, deadlines, the read buffer, the history.
///
/// Made before its loop runs and destroyed after it has stopped.
/// Threads: `load`, `held` and `opened` from any; everything else only on the loop.
class Worker {
 public:
  static constexpr std::size_t kBufferBytes = 128 * 1024;
  /// How much one connection may move in one turn, so that a bulk stream does not starve a thousand small
  /// ones.
  static constexpr std::size_t kTurnBytes = 4 * kBufferBytes;

  /// After this time without a byte a connection is parked.
  static constexpr Duration kSilence = std::chrono::seconds{1};

  Worker(std::size_t index, Loop& loop, std::size_t history_limit, std::size_t pipes = PipePool::kMost);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Wheel& wheel() { return wheel_; }
  [[nodiscard]] History& history() { return history_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] EventOutlet& events() { return events_; }
  [[nodiscard]] AccessOutlet& access() { return access_; }
  /// Scratch space; what is in it lasts until the next read.
  [[nodiscard]] std::span<char> buffer() { return buffer_; }
  [[nodiscard]] PipePool& pipes() { return pipes_; }

  /// The moment of the event that is being handled.
  [[nodiscard]] Instant time() const { return time_; }
  void tick() { time_ = now(); }
  /// The same moment on the wall's clock, as that was set within the last second: what happened to several
  /// connections of a worker keeps its order.
  [[nodiscard]] WallTime wall_at(Instant when);

  /// Without records a connection leaves no history, no events, no details of its SYN and no last TCP_INFO:
  /// so that it can be measured what they cost. Call it before the loop runs.
  void keep_records(bool keep) { keeps_records_ = keep; }
  [[nodiscard]] bool keeps_records() const { return keeps_records_; }

  /// How many ids were given; a worker of the next process goes on behind them.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  void go_on_behind(std::uint64_t sequence) { sequence_ = std::max(sequence_, sequence); }
  [[nodiscard]] ConnectionId next_id() { return make_id(index_, ++sequence_); }
  /// Takes it into the set; one that goes on with the id of another comes into its place.
  void adopt(std::unique_ptr<Connection> connection);
  /// Takes `connection` out of the set and frees it once the loop is out of its callbacks.
  void retire(Connection& connection);
  /// Calls `connection.on_turn()` again after other descriptors had their turn.
  void again(Connection& connection);
  /// Calls `woken()` of the connection at `when`, if there still is one; the last wish holds. Connections
  /// that never ask for it hold no timer.
  void wake(ConnectionId id, Instant when);
  /// Calls `recheck()` of the connection in a moment, if there still is one.
  void recheck_later(ConnectionId id) { recheck_.add(id); }
  /// Calls `look_again()` of the connection in an instant, if there still is one.
  void look_again_later(ConnectionId id) { look_again_.add(id); }
  /// Calls `park_if_idle()` of the connection in a moment, if there still is one.
  void park_later(ConnectionId id) { park_.add(id); }
  [[nodiscard]] Orphans& orphans() { return orphans_; }
  [[nodiscard]] const Orphans& orphans() const { return orphans_; }
  [[nodiscard]] Parking& parking() { return parking_; }
  /// Calls `settle()` of the connection when it has lasted for a while, if it does.
  void settle_later(ConnectionId id) { settle_.add(id); }

  [[nodiscard]] Connection* find(ConnectionId id);
  [[nodiscard]] const ConnectionSet& connections() const { return connections_; }
  /// `task` for each connection, which it may end.
  void for_each(const std::function<void(Connection&)>& task);

  struct GiveBack {
    void operator()(Worker* worker) const;
  };
  /// A socket that is not there yet and counts as if it were, until this is gone. Where it comes, it comes
  /// first: for a moment it counts twice rather than not at all.
  using Room = std::unique_ptr<Worker, GiveBack>;
  [[nodiscard]] Room hold_room();

  /// Sockets of this worker's connections now, and those that room is held for. Written by the loop, read by
  /// acceptors.
  [[nodiscard]] const Counter& load() const { return load_; }
  /// Those of `load` that are not there yet.
  [[nodiscard]] const Counter& held() const { return held_; }
  [[nodiscard]] const Counter& opened() const { return opened_; }

 private:
  static void on_later(evutil_socket_t fd, short what, void* self);
  void wake_later();

  struct Waker final : Deadline {
    Waker(Worker& of, ConnectionId whom) : worker{of}, id{whom} {}
    void on_deadline() override;
    Worker& worker;
    const ConnectionId id;
  };

  const std::size_t index_;
  Loop& loop_;
  Wheel wheel_;
  EventOutlet events_{wheel_};
  AccessOutlet access_{wheel_};
  std::vector<char> buffer_;
  PipePool pipes_;
  Instant time_;
  Instant compared_{};  // when both clocks were looked at
  WallTime compared_wall_{};
  std::uint64_t sequence_{0};
  Counter load_, held_, opened_;
  History history_;
  EventPtr later_;
  bool later_set_{false};
  bool keeps_records_{true};
  std::vector<Connection*> again_;
  Orphans orphans_;
  Parking parking_;
  Reminder recheck_, look_again_, settle_, park_;
  std::map<ConnectionId, Waker> wakers_;
  std::vector<std::unique_ptr<Connection>> retired_;
  ConnectionSet connections_;  // last: connections take leave of the members above
};

}  // namespace tcpctl
