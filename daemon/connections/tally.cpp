// SPDX-License-Identifier: Apache-2.0
#include "connections/tally.hpp"

#include "connections/connection.hpp"

namespace tcpctl {

bool StateTally::count(const Worker& worker) {
  std::size_t looked_at = 0;
  for (const auto& [id, connection] : worker.connections().above(last_)) {
    if (looked_at++ == kSlice) return true;
    last_ = id;
    if (connection) ++counts_.at(static_cast<std::size_t>(connection->seen_state()));
  }
  return false;
}

}  // namespace tcpctl
