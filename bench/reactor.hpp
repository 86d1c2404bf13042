// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include <sys/epoll.h>

#include "base/fd.hpp"

namespace tcpctl::bench {

/// Whoever waits for events of a descriptor. Owned by its reactor.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;
};

/// What a descriptor's events are given to. A handler with two descriptors (a relayed session) has two of
/// them.
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  /// `events` as epoll_wait(2) reports them.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

/// A bare epoll loop: no timers, no tasks, nothing that a system call per message would not need.
///
/// Threads: one reactor per thread; nothing of it is shared.
class Reactor {
 public:
  Reactor();

  void watch(int fd, std::uint32_t events, Watcher& watcher);
  void change(int fd, std::uint32_t events, Watcher& watcher);

  /// Takes ownership; returns the object for further use.
  template <class T>
  T& own(std::unique_ptr<T> handler) {
    T& kept = *handler;
    handlers_.emplace(&kept, std::move(handler));
    return kept;
  }
  /// Destroys the handler after the current batch of events, in which it may still be named.
  void retire(const Handler& handler);

  /// Serves one batch of events; waits for `timeout_ns` at most (-1: for ever).
  void turn(std::int64_t timeout_ns);
  /// Serves until `deadline_ns` (see now_ns), or until `done` says so after a batch. True if it was `done`.
  bool run_until(std::int64_t deadline_ns, const std::function<bool()>& done);

 private:
  static constexpr int kBatch = 256;

  Fd epoll_;
  std::array<epoll_event, kBatch> events_{};
  std::unordered_map<const Handler*, std::unique_ptr<Handler>> handlers_;
  std::vector<std::unique_ptr<Handler>> retired_;
};

}  // namespace tcpctl::bench
