// SPDX-License-Identifier: Apache-2.0
#include "connections/reminder.hpp"

#include "connections/connection.hpp"

namespace tcpctl {

void Reminder::add(ConnectionId id) {
  waiting_.push_back({worker_.time() + after_, id});
  if (!is_set()) worker_.wheel().set(*this, waiting_.front().when);
}

void Reminder::on_deadline() {
  worker_.tick();
  while (!waiting_.empty() && waiting_.front().when <= worker_.time()) {
    const ConnectionId id = waiting_.front().id;
    waiting_.pop_front();
    if (Connection* const connection = worker_.find(id)) (connection->*call_)();
  }
  if (!waiting_.empty()) worker_.wheel().set(*this, waiting_.front().when);
}

}  // namespace tcpctl
