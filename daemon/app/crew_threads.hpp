// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "app/watchdog.hpp"
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
  /// The loops, for a watchdog.
  [[nodiscard]] std::vector<Watchdog::Watched> watched();
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
  /// What `question(hub)` answers on each worker, moved here; nothing of one that is stuck for kSettleTime.
  template <class Question>
  auto ask_all(const Question& question) {
    using Answer = decltype(question(std::declval<Hub&>()));
    const auto deadline = std::chrono::steady_clock::now() + kSettleTime;
    std::vector<std::future<Answer>> asked;
    for (std::size_t i = 0; i < size(); ++i) {
      auto promise = std::make_shared<std::promise<Answer>>();
      asked.push_back(promise->get_future());
      post(i, [promise, question](Hub& hub) { promise->set_value(question(hub)); });
    }
    std::vector<std::optional<Answer>> answers(size());
    for (std::size_t i = 0; i < size(); ++i) {
      if (asked[i].wait_until(deadline) == std::future_status::ready) answers[i] = asked[i].get();
    }
    return answers;
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
