// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

namespace tcpctl {
namespace {

EventBasePtr make_base() {
  EventBasePtr base{event_base_new()};
  if (!base) throw std::system_error(errno, std::generic_category(), "event_base_new");
  return base;
}

Fd make_wakeup() {
  Fd fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!fd) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

Loop::Loop(std::string name)
    : name_{std::move(name)},
      base_{make_base()},
      wakeup_{make_wakeup()},
      wakeup_event_{event_new(base_.get(), wakeup_.get(), EV_READ | EV_PERSIST, &Loop::on_wakeup, this)} {
  event_add(wakeup_event_.get(), nullptr);
}

Loop::~Loop() = default;

void Loop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock{mutex_};
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  // One wake-up serves all tasks that are posted until the loop comes round.
  if (first) eventfd_write(wakeup_.get(), 1);
}

void Loop::run() {
  owner_ = std::this_thread::get_id();
  while (!stopping_) event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY);
  run_posted();
  stopping_ = false;
  owner_ = std::thread::id{};
}

void Loop::stop() {
  post([this] {
    stopping_ = true;
    event_base_loopbreak(base_.get());
  });
}

void Loop::on_wakeup(evutil_socket_t fd, short /*what*/, void* self) {
  eventfd_t count = 0;
  eventfd_read(fd, &count);
  static_cast<Loop*>(self)->run_posted();
}

void Loop::run_posted() {
  {
    const std::lock_guard lock{mutex_};
    running_.swap(posted_);
  }
  for (auto& task : running_) task();
  running_.clear();
}

}  // namespace tcpctl
