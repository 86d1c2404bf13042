// SPDX-License-Identifier: Apache-2.0
#include "connections/orphans.hpp"

#include <utility>

#include "connections/worker.hpp"

namespace tcpctl {

Orphans::Orphans(Worker& worker, Result<tcp::DestroyEvents> events, Duration patience)
    : worker_{worker}, patience_{patience}, events_{std::move(events)} {
  if (!events_) return;
  event_.reset(
      event_new(worker_.loop().base(), events_->fd(), EV_READ | EV_PERSIST, &Orphans::on_readable, this));
  if (event_) event_add(event_.get(), nullptr);
}

void Orphans::await(std::uint64_t cookie, ConnectionId id) {
  if (!events_) return;
  if (awaited_.size() >= kMost || (!joined_ && !events_->join())) {
    missed_.add();
    return;
  }
  joined_ = true;
  awaited_.emplace(cookie, id);
  due_.push_back({worker_.time() + patience_, cookie});
  if (!is_set()) worker_.wheel().set(*this, due_.front().when);
}

void Orphans::on_readable(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  auto& orphans = *static_cast<Orphans*>(self);
  for (std::size_t i = 0; i < kTurnEvents; ++i) {
    const auto read = orphans.events_->read();
    if (read.status == tcp::DestroyEvents::Read::Status::nothing) break;
    if (read.status == tcp::DestroyEvents::Read::Status::overrun) orphans.overruns_.add();
    if (read.event) orphans.take(*read.event);
  }
  orphans.leave_if_idle();
}

void Orphans::take(const tcp::Destroyed& destroyed) {
  const auto found = awaited_.find(destroyed.cookie);
  if (found == awaited_.end()) return;
  worker_.history().settle(found->second, destroyed.info);
  awaited_.erase(found);
}

void Orphans::on_deadline() {
  worker_.tick();
  while (!due_.empty() && (due_.front().when <= worker_.time() || !awaited_.contains(due_.front().cookie))) {
    if (awaited_.erase(due_.front().cookie) > 0) missed_.add();
    due_.pop_front();
  }
  if (!due_.empty()) worker_.wheel().set(*this, due_.front().when);
  leave_if_idle();
}

void Orphans::leave_if_idle() {
  if (!joined_ || !awaited_.empty()) return;
  joined_ = false;
  events_->leave();
  due_.clear();
  Wheel::cancel(*this);
}

}  // namespace tcpctl
