// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/crew_threads.hpp"
#include "endpoints/bound_socket.hpp"
#include "endpoints/plan.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// One declared listener as the main thread keeps it: its plan, its sockets, what was asked of it.
///
/// Addresses that cannot be bound are tried again every `bind_retry`.
/// Threads: the main thread.
class ListenerEntry final : private Deadline {
 public:
  ListenerEntry(CrewThreads& crew, Wheel& wheel, std::shared_ptr<const ListenerPlan> plan);
  ~ListenerEntry();

  /// A new configuration: addresses that are in both keep their sockets.
  void set_plan(std::shared_ptr<const ListenerPlan> plan);
  void pause();
  void resume();
  /// Stops to accept, leaves connections `time` to end by themselves, then ends them.
  void drain(Duration time);
  /// Accepts what the kernel has completed, and closes the sockets.
  void close();

  [[nodiscard]] const ListenerPlan& plan() const { return *plan_; }
  [[nodiscard]] bool is_bound() const;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] ListenerRow row() const;
  /// The worker that accepts for it and directs its upstreams.
  [[nodiscard]] std::size_t worker() const { return worker_; }

 private:
  enum class Wish : std::uint8_t { up, paused, draining, closed };
  void on_deadline() override;
  void bind();
  void publish();
  [[nodiscard]] std::string state() const;

  CrewThreads& crew_;
  Wheel& wheel_;
  std::shared_ptr<const ListenerPlan> plan_;
  std::size_t worker_;  // that accepts for it
  std::vector<Binding> bindings_;
  Wish wish_{Wish::up};
};

}  // namespace tcpctl
