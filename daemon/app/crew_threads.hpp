// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "connections/worker.hpp"
#include "endpoints/crew.hpp"
#include "endpoints/hub.hpp"
#include "engine/loop.hpp"

namespace tcpctl {

/// The worker threads: a loop, a Worker and a Hub each.
///
/// Threads: made, started and stopped on the main thread; what is on a loop is touched there alone while it
/// runs.
class CrewThreads {
 public:
  CrewThreads(std::size_t workers, std::uint64_t max_connections, std::size_t history_entries,
              std::size_t pipes = PipePool::kMost, const Resolver::Options& dns = {});
  CrewThreads(const CrewThreads&) = delete;
  CrewThreads& operator=(const CrewThreads&) = delete;
  ~CrewThreads();

  /// What Worker::keep_records says, of all workers. Call it before `start`.
  void keep_records(bool keep);
  [[nodiscard]] bool keeps_records() const { return keeps_records_; }
  void start();
  /// Ends the loops and joins the threads; connections that still stand go down with them.
  void stop();

  void set_max_connections(std::uint64_t most) { crew_.max_connections.set(most); }
  [[nodiscard]] const Crew& crew() const { return crew_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  /// Runs `task` on the loop of worker `index`.
  template <class Task>
  void post(std::size_t index, Task task) {
    members_[index]->loop.post([hub = &members_[index]->hub, task = std::move(task)] { task(*hub); });
  }
  template <class Task>
  void post_all(const Task& task) {
    for (std::size_t i = 0; i < size(); ++i) post(i, task);
  }
  /// Waits until every worker has run what was posted to it before; for a stuck one no longer than
  /// kSettleTime.
  void settle();
  [[nodiscard]] std::uint64_t connections_opened() const;

 private:
  static constexpr std::chrono::milliseconds kSettleTime{500};

  struct Member {
    Member(std::size_t index, const Crew& crew, std::size_t history_entries, std::size_t pipes,
           const Resolver::Options& dns);
    Loop loop;
    Worker worker;
    Hub hub;
    std::thread thread;
  };

  Crew crew_;
  bool keeps_records_{true};
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace tcpctl
