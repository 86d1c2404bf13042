// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "base/error.hpp"
#include "engine/loop.hpp"
#include "engine/wheel.hpp"
#include "stats/counter.hpp"
#include "stats/snapshot.hpp"
#include "tcp/destroy_events.hpp"

namespace tcpctl {

class Worker;

/// Sockets that were closed before their TCP ended, until the kernel tells their last TCP_INFO.
///
/// Few are: an end waits for CLOSED before close(2), and an abort wipes the counts, so it is sampled before.
/// The kernel is asked for its events only while one is awaited, because they cost the whole host. They are
/// best effort: where the kernel dropped some, or a cookie does not come in time, the sample stays.
/// Threads: the counters from any; everything else only on the worker's loop.
class Orphans final : private Deadline {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr Duration kPatience = std::chrono::seconds{10};
  /// Events that are read in one turn of the loop.
  static constexpr std::size_t kTurnEvents = 256;

  explicit Orphans(Worker& worker, Result<tcp::DestroyEvents> events = tcp::DestroyEvents::open(),
                   Duration patience = kPatience);

  /// Call it before close(2) of a socket that `id` has in the history afterwards.
  void await(std::uint64_t cookie, ConnectionId id);

  [[nodiscard]] std::size_t awaited() const { return due_.size(); }
  /// Why there are no events, or why the last ones that were wanted could not be asked for; else empty.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  /// Times that the kernel dropped events; ends whose TCP_INFO was wanted and did not come.
  [[nodiscard]] const Counter& overruns() const { return overruns_; }
  [[nodiscard]] const Counter& missed() const { return missed_; }

 private:
  static void on_readable(evutil_socket_t fd, short what, void* self);
  void on_deadline() override;
  [[nodiscard]] bool join();
  void take(const tcp::Destroyed& destroyed);
  void leave_if_idle();

  struct Due {
    Instant when;
    std::uint64_t cookie;
    ConnectionId id;
  };
  using DueList = std::list<Due>;
  Worker& worker_;
  const Duration patience_;
  Result<tcp::DestroyEvents> events_;
  EventPtr event_;
  std::string refusal_;
  DueList due_;                                                     // in the order in which they fall due
  std::unordered_map<std::uint64_t, DueList::iterator> by_cookie_;  // each of them
  bool joined_{false};
  Counter overruns_, missed_;
};

}  // namespace tcpctl
