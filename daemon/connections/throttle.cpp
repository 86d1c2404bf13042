// SPDX-License-Identifier: Apache-2.0
#include "connections/throttle.hpp"

#include <algorithm>
#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr double kBurstsASecond = 10;
constexpr double kWakesASecond = 20;
constexpr Duration kKeptReserved = std::chrono::seconds{1};  // by one whose turn it is, and who has nothing
constexpr double kMostAtOnce = 64 * 1024;  // of one who waited, so that others have their turn

double per_second(Bytes rate) { return static_cast<double>(rate.count()); }

double burst_of(Bytes rate) { return std::max(1.0, per_second(rate) / kBurstsASecond); }

std::size_t share_of(Bytes rate) {
  return static_cast<std::size_t>(std::clamp(per_second(rate) / kWakesASecond, 1.0, kMostAtOnce));
}

}  // namespace

SharedRate::SharedRate(SharedTokens& tokens, Bytes rate)
    : tokens_{tokens}, rate_{per_second(rate), burst_of(rate)}, share_{share_of(rate)} {
  tokens_.begin(rate.count());
}

Throttle::Throttle(Worker& worker, Connection& connection, std::optional<Bytes> rate, SharedRate* shared)
    : worker_{worker}, connection_{connection}, shared_{shared} {
  if (!rate) return;
  own_.emplace(per_second(*rate), burst_of(*rate));
  least_ = share_of(*rate);
}

Throttle::~Throttle() { drop_reserved(); }

std::size_t Throttle::allowance() {
  std::size_t most = SIZE_MAX;
  if (own_) {
    most = own_->available(worker_.time());
    if (most == 0) {
      worker_.wheel().set(*this, own_->when(least_));
      return 0;
    }
  }
  return shared_ == nullptr ? most : std::min(most, allowance_of_all());
}

std::size_t Throttle::allowance_of_all() {
  const Instant time = worker_.time();
  if (reserved_ > 0 && time - turn_ > kKeptReserved) reserved_ = 0;
  if (reserved_ == 0) {
    if (const std::uint64_t available = shared_->available(time); available > 0) return available;
    turn_ = shared_->reserve(time);
    reserved_ = shared_->share();
  }
  if (time >= turn_) return reserved_;
  worker_.wheel().set(*this, turn_);
  return 0;
}

void Throttle::take(std::size_t bytes) {
  const Instant time = worker_.time();
  if (own_) own_->take(time, bytes);
  if (shared_ == nullptr) return;
  const std::size_t of_reserved = time >= turn_ ? std::min(reserved_, bytes) : 0;
  reserved_ -= of_reserved;
  if (bytes > of_reserved) shared_->take(time, bytes - of_reserved);
}

void Throttle::on_deadline() { connection_.another_turn(); }

void Throttle::drop_reserved() {
  // What is past cannot be given to anybody else.
  if (reserved_ > 0 && worker_.time() < turn_) shared_->give_back(reserved_);
}

Bandwidth::Bandwidth(PartyStats& stats, std::optional<Bytes> of_each, std::optional<Bytes> of_all)
    : each{of_each}, total{of_all} {
  if (!total) return;
  in = std::make_unique<SharedRate>(stats.taken_in(), *total);
  out = std::make_unique<SharedRate>(stats.taken_out(), *total);
}

}  // namespace tcpctl
