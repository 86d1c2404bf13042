// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"
#include "ctl/top/model.hpp"

namespace tcpctl::ctl::top {

/// Asks the daemon again and again on a thread of its own, so that keys never wait for it.
///
/// A daemon that does not answer is asked again; what it said before stays, with the trouble beside it.
/// Threads: its owner's, but for what is said otherwise.
class Feed {
 public:
  Feed(const Client& client, std::chrono::milliseconds interval);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  /// Waits for the request that is on its way, at most `kPatience`.
  ~Feed();

  static constexpr std::chrono::milliseconds kPatience{3000};

  /// From now on this is asked for, and at once.
  void want(Wish wish);
  void set_interval(std::chrono::milliseconds interval);
  /// Does it, says in `messages` what came of it, and looks anew.
  void act(Action action);

  struct News {
    std::optional<Snapshot> snapshot;
    std::vector<std::string> messages;
  };
  /// Readable once there are news.
  [[nodiscard]] int fd() const { return told_.get(); }
  [[nodiscard]] News take();

 private:
  // On its thread:
  void run();
  void look(const Wish& wish);
  [[nodiscard]] Answer<void> look_at_all(const Wish& wish, Snapshot& next);
  [[nodiscard]] Answer<void> look_at_connections(const Wish& wish, Snapshot& next);
  [[nodiscard]] Answer<void> look_at_events(Snapshot& next);
  [[nodiscard]] Answer<void> look_at_subject(const Subject& subject, Snapshot& next);
  [[nodiscard]] Answer<Json> get(const std::string& path) const;
  [[nodiscard]] Answer<std::vector<Json>> list(const std::string& path) const;
  [[nodiscard]] std::string carry_out(const Action& action) const;
  void tell(std::string message);

  const Client& client_;
  Fd told_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Under the mutex:
  Wish wish_;
  bool is_wanted_{true};  // at once
  bool is_over_{false};
  std::chrono::milliseconds interval_;
  std::deque<Action> actions_;
  News news_;

  // The thread's own:
  Snapshot last_;
  std::string seen_{"0"};  // the number of the last event
  std::thread thread_;
};

}  // namespace tcpctl::ctl::top
