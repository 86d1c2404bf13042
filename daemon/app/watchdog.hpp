// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/loop.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {

/// Feeds the service manager's watchdog for as long as all loops turn: each is asked to answer, and only when
/// all have the manager hears of it. One that does not answer for half of the time is named in the log, for
/// the manager is going to end the process.
///
/// Threads: made and destroyed on the main thread; it watches from a thread of its own, which nothing else
/// holds up.
class Watchdog final : private Deadline {
 public:
  struct Watched {
    std::string name;
    std::function<void(Loop::Task)> post;  // from any thread
  };
  /// `interval`: how long the manager waits to be fed. What is watched outlives this.
  Watchdog(std::vector<Watched> watched, Duration interval, std::function<void()> feed);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  struct Beat {
    Watched watched;
    Instant asked{};
    bool is_answered{true};
    bool is_told{false};
  };
  void on_deadline() override;
  void ask(std::size_t which);
  void judge(Beat& beat) const;

  const Duration interval_;
  const std::function<void()> feed_;
  std::vector<Beat> beats_;
  const std::shared_ptr<Loop> loop_{std::make_shared<Loop>("watchdog")};
  Wheel wheel_{*loop_};
  std::thread thread_;
};

}  // namespace tcpctl
