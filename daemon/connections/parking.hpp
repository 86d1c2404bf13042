// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "engine/loop.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

class Connection;
class Worker;

/// Watches the connections of a worker that have been silent for a while, without an event object each.
///
/// An event of libevent takes 144 bytes, a third of what an idle connection needs in all. Here they share
/// one, on an epoll set of their own; the first sign of life gives a connection its own event back, and the
/// kernel then tells that one what there is. Threads: only on the worker's loop. Source: epoll(7), nested
/// sets.
class Parking {
 public:
  explicit Parking(Worker& worker);

  /// Answers false where the kernel cannot take it.
  [[nodiscard]] bool enter(int fd, ConnectionId id);
  void leave(int fd);

 private:
  static void on_life(evutil_socket_t fd, short what, void* self);

  Worker& worker_;
  Fd epoll_;
  EventPtr event_;
};

}  // namespace tcpctl
