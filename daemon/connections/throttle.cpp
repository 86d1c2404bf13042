// SPDX-License-Identifier: Apache-2.0
#include "connections/throttle.hpp"

#include <algorithm>
#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr double kBurstsASecond = 10;
constexpr double kWakesASecond = 20;
constexpr double kMostAtOnce = 64 * 1024;  // of one who waited, so that others have their turn

double per_second(Bytes rate) { return static_cast<double>(rate.count()); }

TokenBucket bucket_of(Bytes rate) {
  return TokenBucket{per_second(rate), std::max(1.0, per_second(rate) / kBurstsASecond)};
}

std::size_t share_of(Bytes rate) {
  return static_cast<std::size_t>(std::clamp(per_second(rate) / kWakesASecond, 1.0, kMostAtOnce));
}

}  // namespace

SharedRate::SharedRate(Worker& worker, std::shared_ptr<const PartyStats> stats, Counter PartyShare::* moved,
                       Bytes rate)
    : worker_{worker},
      stats_{std::move(stats)},
      moved_{moved},
      rate_{per_second(rate)},
      share_{share_of(rate)},
      bucket_{bucket_of(rate)},
      seen_{stats_->sum(moved_)} {}

void SharedRate::refresh() {
  const std::uint64_t moved = stats_->sum(moved_);
  bucket_.take(worker_.time(), moved - std::exchange(seen_, moved));
}

std::size_t SharedRate::allowance(Throttle& throttle) {
  if (throttle.granted_ > 0) return throttle.granted_;
  refresh();
  const std::uint64_t available = bucket_.available(worker_.time());
  if (available > 0 && waiting_.empty()) return available;
  if (!throttle.place_) throttle.place_ = waiting_.insert(waiting_.end(), &throttle);
  if (!is_set()) worker_.wheel().set(*this, bucket_.when(share_));
  return 0;
}

void SharedRate::on_deadline() {
  worker_.tick();
  refresh();
  std::uint64_t left = bucket_.available(worker_.time());
  std::uint64_t given = 0;
  // Whole shares only: who got a rest would be at the end of the queue for less than the others.
  while (left >= share_ && !waiting_.empty()) {
    Throttle& first = *waiting_.front();
    first.leave_queue();
    first.granted_ = share_;
    left -= share_;
    given += share_;
    first.connection_.another_turn();
  }
  if (waiting_.empty()) return;
  // What was given will show as moved only after this.
  const Duration earned{static_cast<std::int64_t>(1e9 * static_cast<double>(given) / rate_)};
  worker_.wheel().set(*this, std::max(bucket_.when(share_), worker_.time() + earned));
}

Throttle::Throttle(Worker& worker, Connection& connection, std::optional<Bytes> rate, SharedRate* shared)
    : worker_{worker}, connection_{connection}, shared_{shared} {
  if (!rate) return;
  own_ = bucket_of(*rate);
  least_ = share_of(*rate);
}

Throttle::~Throttle() { leave_queue(); }

std::size_t Throttle::allowance() {
  std::size_t most = SIZE_MAX;
  if (own_) {
    most = own_->available(worker_.time());
    if (most == 0) {
      worker_.wheel().set(*this, own_->when(least_));
      return 0;
    }
  }
  return shared_ == nullptr ? most : std::min(most, shared_->allowance(*this));
}

void Throttle::take(std::size_t bytes) {
  if (own_) own_->take(worker_.time(), bytes);
  granted_ -= std::min(granted_, bytes);
}

void Throttle::on_deadline() { connection_.another_turn(); }

void Throttle::leave_queue() {
  if (place_) shared_->waiting_.erase(*std::exchange(place_, std::nullopt));
}

Bandwidth::Bandwidth(Worker& worker, const std::shared_ptr<const PartyStats>& stats,
                     std::optional<Bytes> of_each, std::optional<Bytes> of_all)
    : each{of_each}, total{of_all} {
  if (!total) return;
  in = std::make_unique<SharedRate>(worker, stats, &PartyShare::bytes_in, *total);
  out = std::make_unique<SharedRate>(worker, stats, &PartyShare::bytes_out, *total);
}

}  // namespace tcpctl
