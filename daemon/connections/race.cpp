// SPDX-License-Identifier: Apache-2.0
#include "connections/race.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

Race::Race(Worker& worker, std::shared_ptr<const AddressList> addresses, std::size_t turn, Duration timeout,
           Attempt attempt, Lost lost)
    : worker_{worker},
      addresses_{std::move(addresses)},
      turn_{turn},
      until_{worker.time() + timeout},
      attempt_{std::move(attempt)},
      lost_{std::move(lost)} {}

void Race::start() { step(); }

void Race::on_deadline() {
  worker_.tick();
  due_ = true;
  step();
}

void Race::step() {
  if (next_ > 0 && worker_.time() >= until_) next_ = addresses_->size();
  while (due_ && has_next()) begin_next();
  if (running_.empty()) {
    // Moved out, because they may go with the race.
    const auto lost = std::move(lost_);
    const auto last = std::move(last_);
    lost(last);
  } else if (has_next()) {
    worker_.wheel().set(*this, worker_.time() + kDelay);
  }
}

void Race::begin_next() {
  due_ = false;
  beginning_ = true;
  auto failure = attempt_(addresses_->at(turn_, next_++), until_ - worker_.time());
  beginning_ = false;
  if (!failure) return;
  last_ = *std::move(failure);
  due_ = true;
}

void Race::failed(const Connection& connection) {
  if (std::erase(running_, &connection) == 0) return;
  const CloseFacts& close = connection.facts().close;
  last_ = {*close.reason, std::string{close.detail.get()}, connection.facts().remote};
  due_ = true;
  Wheel::cancel(*this);
  if (!beginning_) step();
}

void Race::won(const Connection& connection) {
  std::erase(running_, &connection);
  cut(Reason::local_done, "another address was faster: " + connection.facts().remote.text());
}

void Race::cut(Reason reason, std::string_view detail) {
  Wheel::cancel(*this);
  next_ = addresses_->size();
  for (Connection* const connection : std::exchange(running_, {})) connection->finish(reason, detail);
}

}  // namespace tcpctl
