// SPDX-License-Identifier: Apache-2.0
#include "endpoints/admission.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

void Admission::set(std::shared_ptr<const config::Listener> listener) {
  if (!listener->accept_rate) {
    rate_.reset();
  } else if (!listener_ || listener_->accept_rate != listener->accept_rate) {
    rate_.emplace(*listener->accept_rate, std::max(1.0, *listener->accept_rate));
  }
  listener_ = std::move(listener);
}

std::optional<Instant> Admission::rate_opens_at(Instant now) const {
  if (!rate_ || rate_->available(now) > 0) return std::nullopt;
  return rate_->when(1);
}

void Admission::count(Instant now) {
  if (rate_) rate_->take(now, 1);
}

std::optional<SourcePlace> Admission::place(const Address& source) {
  if (!listener_->max_connections_per_source) return SourcePlace{};
  return sources_->enter(source, *listener_->max_connections_per_source);
}

}  // namespace tcpctl
