// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/loop.hpp"

namespace tcpctl::api {

/// A few threads for work that may block, with bounded queues. Each thread is a loop of its own and is given
/// one task at a time, so that the loops' queues are all that the threads share.
///
/// Threads: the members belong to the loop `home`; tasks run on the workers, `done` tasks at home.
class FrontWorkers {
 public:
  using Task = std::function<void()>;
  /// What a task answers is run at home after it.
  using Work = std::function<Task()>;

  /// The threads are called `name`-0, `name`-1 ...; `queue`: how many tasks of each kind may wait.
  FrontWorkers(Loop& home, std::size_t count, std::size_t queue, const std::string& name = "api");
  FrontWorkers(const FrontWorkers&) = delete;
  FrontWorkers& operator=(const FrontWorkers&) = delete;
  ~FrontWorkers();

  /// Urgent tasks go before usual ones, but for every fourth: many of them shall not keep the others waiting
  /// for ever. False if as many as may wait do so already, or it may not and would have to.
  [[nodiscard]] bool submit(Work work, bool urgent, bool may_wait = true);
  void forget_waiting();
  [[nodiscard]] std::vector<Loop*> loops();
  /// Ends the threads; waits for the tasks that run. From the thread that owns this, once home has ended.
  void stop();

 private:
  struct Worker {
    explicit Worker(const std::string& name);
    void work();
    Loop loop;
    std::thread thread;
  };

  void assign();
  void run_on(std::size_t worker, Work work);

  static constexpr std::size_t kMostInRow = 3;

  Loop& home_;
  const std::size_t queue_;
  std::size_t urgent_in_row_{0};
  std::deque<Work> urgent_;
  std::deque<Work> usual_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::size_t> idle_;
};

}  // namespace tcpctl::api
