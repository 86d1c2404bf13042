// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <event2/event.h>

#include "base/fd.hpp"

namespace tcpctl {

struct EventFree {
  void operator()(event_base* base) const { event_base_free(base); }
  void operator()(event* handle) const { event_free(handle); }
};
using EventBasePtr = std::unique_ptr<event_base, EventFree>;  // declare it first: it must die last
using EventPtr = std::unique_ptr<event, EventFree>;

/// One libevent loop and the one door into it.
///
/// Made on any thread; `run` adopts the thread that calls it. The eventfd wakes the loop, so libevent itself
/// needs no locks. Tasks carry values and ids, never a pointer to a connection; a task for an id that is gone
/// does nothing. Threads: `post`, `stop` and `beats` from any thread; every other member only on the loop's
/// own.
class Loop {
 public:
  using Task = std::function<void()>;

  explicit Loop(std::string name);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void post(Task task);  // runs in the order posted
  void run();            // until `stop`; tasks posted before `stop` are run
  void stop();

  [[nodiscard]] bool is_here() const { return owner_ == std::this_thread::get_id(); }
  void assert_here() const { assert(owner_ == std::thread::id{} || is_here()); }
  [[nodiscard]] event_base* base() const {
    assert_here();
    return base_.get();
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  static void on_wakeup(evutil_socket_t fd, short what, void* self);
  void run_posted();

  std::string name_;
  EventBasePtr base_;
  Fd wakeup_;
  EventPtr wakeup_event_;
  std::thread::id owner_;
  std::mutex mutex_;
  std::vector<Task> posted_;   // guarded by mutex_
  std::vector<Task> running_;  // the loop's own
  bool stopping_{false};       // the loop's own
};

}  // namespace tcpctl
