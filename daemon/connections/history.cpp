// SPDX-License-Identifier: Apache-2.0
#include "connections/history.hpp"

#include <algorithm>
#include <utility>

#include "tcp/state.hpp"

namespace tcpctl {

void History::add(Entry entry) {
  if (entries_.push(std::move(entry))) ++dropped_;
}

const History::Entry* History::find(ConnectionId id) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.facts.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

ConnectionRow to_row(const History::Entry& entry, Instant now) {
  ConnectionRow row = to_row(entry.facts, entry.facts.close.at);
  row.local = entry.local;
  const bool waits = entry.time_wait_until && now < *entry.time_wait_until;
  row.state = tcp::text(waits ? tcp::State::time_wait : tcp::State::closed);
  row.tcp = entry.tcp;
  row.close = close_row(entry.facts);
  return row;
}

}  // namespace tcpctl
