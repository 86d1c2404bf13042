// SPDX-License-Identifier: Apache-2.0
#include "connections/history.hpp"

#include <algorithm>
#include <utility>

#include "tcp/state.hpp"

namespace tcpctl {
namespace {

constexpr Duration kTimeWait = std::chrono::seconds{60};  // TCP_TIMEWAIT_LEN of the kernel

}  // namespace

void History::add(Entry entry) {
  if (entries_.push(std::move(entry))) ++dropped_;
}

const History::Entry* History::find(ConnectionId id) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.facts.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

void History::settle(ConnectionId id, const tcp::Info& last) {
  for (std::size_t i = entries_.size(); i > 0; --i) {  // it ended lately
    Entry& entry = entries_[i - 1];
    if (entry.facts.id != id) continue;
    entry.tcp = to_row(last, "final", entry.facts.owner->congestion);
    return;
  }
}

tcp::State state_of(const History::Entry& entry, Instant now, const tcp::ClosingSockets& held) {
  if (entry.cookie == 0) return tcp::State::closed;
  if (held.covers(entry.facts.close.at)) return held.state_of(entry.cookie);
  if (entry.left_in == tcp::State::time_wait && now >= entry.facts.close.at + kTimeWait)
    return tcp::State::closed;
  return held.is_known() || entry.left_in == tcp::State::time_wait ? entry.left_in : tcp::State::closed;
}

ConnectionRow to_row(const History::Entry& entry, Instant now, const tcp::ClosingSockets& held) {
  ConnectionRow row = to_row(entry.facts, entry.facts.close.at);
  row.local = entry.local;
  const tcp::State state = state_of(entry, now, held);
  row.state = tcp::text(state);
  if (state == tcp::State::time_wait && !entry.facts.timeline.has(TimelineEvent::time_wait))
    row.timeline.push_back({TimelineEvent::time_wait, false, std::nullopt});
  row.tcp = entry.tcp;
  row.close = close_row(entry.facts);
  return row;
}

}  // namespace tcpctl
