// SPDX-License-Identifier: Apache-2.0
#include "connections/history.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/heap.hpp"
#include "tcp/state.hpp"

namespace tcpctl {
namespace {

constexpr Duration kTimeWait = std::chrono::seconds{60};  // TCP_TIMEWAIT_LEN of the kernel

/// For each block of places: where the list of blocks has it, what malloc(3) keeps about it, and what that
/// has at hand of entries that went.
constexpr std::size_t kListBytes = 128;

/// Cuts the detail, if it is long, so that the entry takes no more than its share.
void cut_detail(History::Entry& entry) {
  constexpr std::string_view kMore = "...";
  const auto detail = entry.facts.close.detail.get();
  const auto whole = sizeof entry + IdIndex::kPlaceBytes + heap_bytes(entry);
  if (whole <= History::kEntryBytes || detail.size() <= History::kLeastDetail) return;
  const auto others = whole - allocated(detail.size() + 1);
  const auto room = History::kEntryBytes - std::min(others, History::kEntryBytes);
  const auto most = std::max(room / 16 * 16, History::kLeastDetail + 16) - 16;
  entry.facts.close.detail = fmt::format("{}{}", detail.substr(0, most - kMore.size()), kMore);
}

}  // namespace

void History::add(Entry entry) {
  if (entries_.limit() == 0) {
    ++dropped_;
    return;
  }
  cut_detail(entry);
  const auto outside = heap_bytes(entry);
  const auto place = (front_place_ + entries_.size()) % entries_.limit();
  if (entries_.size() == entries_.limit()) part_with_front();
  index_.add(entry.facts.id, static_cast<IdIndex::Place>(place));
  entries_.push(std::move(entry));
  outside_ += outside;
  const auto list = entries_.places() / Ring<Entry>::kBlock * kListBytes;
  while (bytes() + list > entries_.limit() * kEntryBytes && entries_.size() > 1) {
    part_with_front();
    entries_.pop();
  }
}

void History::part_with_front() {
  outside_ -= heap_bytes(entries_.front());
  index_.remove(static_cast<IdIndex::Place>(front_place_));
  front_place_ = (front_place_ + 1) % entries_.limit();
  ++dropped_;
}

std::optional<std::size_t> History::number_of(ConnectionId id) const {
  const auto place = index_.find(id);
  if (!place) return std::nullopt;
  return (*place + entries_.limit() - front_place_) % entries_.limit();
}

const History::Entry* History::find(ConnectionId id) const {
  const auto number = number_of(id);
  return number ? &entries_[*number] : nullptr;
}

void History::settle(ConnectionId id, const tcp::Info& last) {
  const auto number = number_of(id);
  if (!number) return;
  Entry& entry = entries_[*number];
  outside_ -= heap_bytes(entry);
  entry.tcp = to_row(last, "final", entry.facts.owner->congestion);
  outside_ += heap_bytes(entry);
}

std::size_t heap_bytes(const History::Entry& entry) {
  return heap_bytes(entry.facts) + heap_bytes(entry.local) +
         (entry.tcp ? heap_bytes(entry.tcp->congestion) : 0);
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
