// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include <sys/time.h>

#include "connections/worker.hpp"
#include "engine/loop.hpp"

namespace tcpctl::test {

/// A worker on the test's own thread: `run_until` turns its loop until a condition holds.
///
/// A heartbeat ends each turn in which nothing happens, so that a test that fails does so by the number of
/// turns; and turns beyond those of the heartbeat show a loop that spins.
class LoopRunner {
 public:
  static constexpr std::size_t kTurns = 20'000;

  explicit LoopRunner(std::size_t history_limit = 1000) : worker{0, loop, history_limit} {
    heartbeat_.reset(event_new(
        loop.base(), -1, EV_PERSIST, [](int, short, void* self) { ++*static_cast<std::size_t*>(self); },
        &heartbeats_));
    const timeval interval{0, 1000};
    event_add(heartbeat_.get(), &interval);
  }

  /// False if the condition did not come to hold.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition) {
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      if (condition()) return true;
      turn_once();
    }
    return condition();
  }
  /// Turns the loop while `beats` heartbeats pass; answers how many turns that took.
  std::size_t run_beats(std::size_t beats) {
    const std::size_t until = heartbeats_ + beats;
    std::size_t turns = 0;
    while (heartbeats_ < until && turns < kTurns) {
      turn_once();
      ++turns;
    }
    return turns;
  }
  /// Runs what is ready now.
  void settle() { run_beats(3); }
  void turn_once() { event_base_loop(loop.base(), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY); }

  Loop loop{"test"};
  Worker worker;

 private:
  std::size_t heartbeats_{0};
  EventPtr heartbeat_;
};

}  // namespace tcpctl::test
