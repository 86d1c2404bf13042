// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "connections/worker.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// Waits until the peer's TCP has acknowledged what a connection was given to send.
///
/// The kernel tells of no such moment, so it is asked every kStep, later on less often. Threads: only on the
/// worker's loop.
class AckWatch final : private Deadline {
 public:
  static constexpr Duration kStep = std::chrono::milliseconds{10};
  using Done = std::function<void(Result<SentRow>)>;

  /// Up to the byte `until` of all that `connection` sends, for `patience` at most. `done` is called once,
  /// maybe within `start`, unless this goes before.
  AckWatch(Worker& worker, ConnectionId connection, std::uint64_t until, Duration patience, SentRow sent,
           Done done);
  void start() { look(); }
  [[nodiscard]] bool is_over() const { return !done_; }

 private:
  void on_deadline() override;
  void look();
  void look_in_history();
  void finish();

  Worker& worker_;
  const ConnectionId connection_;
  const std::uint64_t position_;
  const Instant since_, until_;
  SentRow sent_;
  Done done_;
};

}  // namespace tcpctl
