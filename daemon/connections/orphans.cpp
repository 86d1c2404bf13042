// SPDX-License-Identifier: Apache-2.0
#include "connections/orphans.hpp"

#include <utility>

#include "connections/worker.hpp"

namespace tcpctl {

Orphans::Orphans(Worker& worker, Result<tcp::DestroyEvents> events, Duration patience)
    : worker_{worker}, patience_{patience}, events_{std::move(events)} {
  if (!events_) {
    refusal_ = events_.error().what;
    return;
  }
  event_.reset(
      event_new(worker_.loop().base(), events_->fd(), EV_READ | EV_PERSIST, &Orphans::on_readable, this));
  if (event_) event_add(event_.get(), nullptr);
}

void Orphans::await(std::uint64_t cookie, ConnectionId id) {
  if (!events_) return;
  if (cookie == 0 || by_cookie_.contains(cookie) || due_.size() >= kMost || !join()) {
    missed_.add();
    return;
  }
  by_cookie_.emplace(cookie, due_.insert(due_.end(), {worker_.time() + patience_, cookie, id}));
  if (!is_set()) worker_.wheel().set(*this, due_.front().when);
}

bool Orphans::join() {
  if (joined_) return true;
  const auto joined = events_->join();
  refusal_ = joined ? std::string{} : joined.error().what;
  joined_ = joined.has_value();
  return joined_;
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
  const auto found = by_cookie_.find(destroyed.cookie);
  if (found == by_cookie_.end()) return;
  worker_.history().settle(found->second->id, destroyed.info);
  due_.erase(found->second);
  by_cookie_.erase(found);
}

void Orphans::on_deadline() {
  worker_.tick();
  while (!due_.empty() && due_.front().when <= worker_.time()) {
    missed_.add();
    by_cookie_.erase(due_.front().cookie);
    due_.pop_front();
  }
  if (!due_.empty()) worker_.wheel().set(*this, due_.front().when);
  leave_if_idle();
}

void Orphans::leave_if_idle() {
  if (!joined_ || !due_.empty()) return;
  joined_ = false;
  events_->leave();
  Wheel::cancel(*this);
}

}  // namespace tcpctl
