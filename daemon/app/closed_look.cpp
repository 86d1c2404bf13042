// SPDX-License-Identifier: Apache-2.0
#include "app/closed_look.hpp"

#include <utility>

namespace tcpctl {

ClosedLook::Look ClosedLook::look(Instant time) {
  const std::lock_guard lock{mutex_};  // who comes while one asks wants the same answer
  if (last_.sockets && time < last_at_ + kFresh) return last_;
  auto dumped = dump_();
  last_at_ = time;
  if (dumped) {
    last_ = {std::make_shared<const tcp::ClosingSockets>(std::move(*dumped)), {}};
  } else {
    last_ = {std::make_shared<const tcp::ClosingSockets>(), std::move(dumped).error().what};
  }
  return last_;
}

}  // namespace tcpctl
