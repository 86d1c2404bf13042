// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/state_watch.hpp"

#include <cstdint>

#include <sys/epoll.h>

namespace tcpctl::ctl {

Fd watch_states(int socket) {
  Fd watch{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event wanted{};
  wanted.events = static_cast<std::uint32_t>(EPOLLIN) | static_cast<std::uint32_t>(EPOLLOUT) |
                  static_cast<std::uint32_t>(EPOLLRDHUP) | static_cast<std::uint32_t>(EPOLLET);
  if (watch && ::epoll_ctl(watch.get(), EPOLL_CTL_ADD, socket, &wanted) != 0) watch.reset();
  return watch;
}

void clear_watch(int watch) {
  epoll_event told{};
  (void)::epoll_wait(watch, &told, 1, 0);
}

}  // namespace tcpctl::ctl
