// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "base/clock.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

class Connection;
class Worker;

/// Calls something of each connection a fixed time after it asked for it: one deadline for all of them.
/// A connection that is gone by then is left out. Threads: only on the worker's loop.
class Reminder final : private Deadline {
 public:
  using Call = void (Connection::*)();
  Reminder(Worker& worker, Duration after, Call call) : worker_{worker}, after_{after}, call_{call} {}

  void add(ConnectionId id);

 private:
  void on_deadline() override;

  struct Entry {
    Instant when;
    ConnectionId id;
  };
  Worker& worker_;
  const Duration after_;
  const Call call_;
  std::deque<Entry> waiting_;  // in the order in which they fall due
};

}  // namespace tcpctl
