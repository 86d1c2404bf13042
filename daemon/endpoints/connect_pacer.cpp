// SPDX-License-Identifier: Apache-2.0
#include "endpoints/connect_pacer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tcpctl {
namespace {

/// What may begin at once is what comes due while the wheel turns by two ticks.
TokenBucket bucket_of(double rate) {
  const double burst = rate * std::chrono::duration<double>(2 * Wheel::kTick).count();
  return {rate, std::max(1.0, burst)};
}

}  // namespace

ConnectPacer::Turn::~Turn() {
  if (pacer_ != nullptr) pacer_->leave(*this);
}

ConnectPacer::ConnectPacer(Worker& worker) : worker_{worker}, bucket_{bucket_of(kUsual)} {}

void ConnectPacer::set_rate(double rate) {
  bucket_ = bucket_of(rate);
  if (!queue_.empty()) on_deadline();
}

void ConnectPacer::wait(Turn& turn) {
  if (turn.pacer_ != nullptr) return;
  if (queue_.empty() && bucket_.available(worker_.time()) > 0) {
    bucket_.take(worker_.time(), 1);
    turn.on_turn();
    return;
  }
  turn.pacer_ = this;
  turn.place_ = queue_.insert(queue_.end(), &turn);
  if (!is_set()) worker_.wheel().set(*this, bucket_.when(1));
}

void ConnectPacer::leave(Turn& turn) {
  if (std::exchange(turn.pacer_, nullptr) == nullptr) return;
  queue_.erase(turn.place_);
  if (queue_.empty()) Wheel::cancel(*this);
}

void ConnectPacer::on_deadline() {
  worker_.tick();
  while (!queue_.empty() && bucket_.available(worker_.time()) > 0) {
    Turn& turn = *queue_.front();
    leave(turn);
    bucket_.take(worker_.time(), 1);
    turn.on_turn();
  }
  if (!queue_.empty()) worker_.wheel().set(*this, bucket_.when(1));
}

}  // namespace tcpctl
