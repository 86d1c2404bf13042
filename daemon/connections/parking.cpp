// SPDX-License-Identifier: Apache-2.0
#include "connections/parking.hpp"

#include <array>

#include <sys/epoll.h>

#include "connections/connection.hpp"

namespace tcpctl {

Parking::Parking(Worker& worker)
    : worker_{worker},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      event_{event_new(worker.loop().base(), epoll_.get(), EV_READ | EV_PERSIST, &Parking::on_life, this)} {
  if (event_) event_add(event_.get(), nullptr);
}

bool Parking::enter(int fd, ConnectionId id) {
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLRDHUP;
  interest.data.u64 = static_cast<std::uint64_t>(id);
  return epoll_ && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0;
}

void Parking::leave(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Parking::on_life(evutil_socket_t fd, short /*what*/, void* self) {
  auto& parking = *static_cast<Parking*>(self);
  std::array<epoll_event, 64> alive{};
  const int count = ::epoll_wait(fd, alive.data(), static_cast<int>(alive.size()), 0);
  for (int i = 0; i < count; ++i) {
    const ConnectionId id{alive[static_cast<std::size_t>(i)].data.u64};
    if (Connection* const connection = parking.worker_.find(id)) connection->attend();
  }
}

}  // namespace tcpctl
