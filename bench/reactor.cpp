// SPDX-License-Identifier: Apache-2.0
#include "reactor.hpp"

#include <cerrno>
#include <ctime>

#include "common.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void control(int epoll, int operation, int fd, std::uint32_t events, Watcher& watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

}  // namespace

Reactor::Reactor() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (!epoll_) die("epoll_create1");
}

void Reactor::watch(int fd, std::uint32_t events, Watcher& watcher) {
  control(epoll_.get(), EPOLL_CTL_ADD, fd, events, watcher);
}

void Reactor::change(int fd, std::uint32_t events, Watcher& watcher) {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, events, watcher);
}

void Reactor::retire(const Handler& handler) {
  auto node = handlers_.extract(&handler);
  if (!node.empty()) retired_.push_back(std::move(node.mapped()));
}

void Reactor::turn(std::int64_t timeout_ns) {
  const timespec timeout{.tv_sec = timeout_ns / kSecond, .tv_nsec = timeout_ns % kSecond};
  const int n =
      ::epoll_pwait2(epoll_.get(), events_.data(), kBatch, timeout_ns < 0 ? nullptr : &timeout, nullptr);
  if (n < 0 && errno != EINTR) die("epoll_pwait2");
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events_.at(static_cast<std::size_t>(i));
    static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
  }
  retired_.clear();
}

bool Reactor::run_until(std::int64_t deadline_ns, const std::function<bool()>& done) {
  for (;;) {
    if (done()) return true;
    const auto left = deadline_ns - now_ns();
    if (left <= 0) return false;
    turn(left);
  }
}

}  // namespace tcpctl::bench
