// SPDX-License-Identifier: Apache-2.0
#include "connections/timeline.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

void Timeline::seen(TimelineEvent event, Instant when) {
  if (has(event) && !is_inferred(event)) return;
  // What happens in one turn of the loop happens at one moment; the order in which it was seen stays.
  for (std::size_t i = 0; i < kTimelineEvents; ++i) {
    const auto other = static_cast<TimelineEvent>(i);
    if (has(other) && !is_inferred(other)) when = std::max(when, at_[i] + std::chrono::nanoseconds{1});
  }
  at_[static_cast<std::size_t>(event)] = when;
  known_ = static_cast<std::uint16_t>(known_ | bit(event));
  inferred_ = static_cast<std::uint16_t>(inferred_ & ~bit(event));
}

void Timeline::inferred(TimelineEvent event) {
  if (has(event)) return;
  known_ = static_cast<std::uint16_t>(known_ | bit(event));
  inferred_ = static_cast<std::uint16_t>(inferred_ | bit(event));
}

std::vector<TimelineRow> Timeline::rows(Instant opened, WallTime opened_wall) const {
  // An inferred event stands right after the latest seen one that the protocol puts before it.
  std::vector<std::pair<Instant, TimelineEvent>> order;
  Instant latest{};
  for (std::size_t i = 0; i < kTimelineEvents; ++i) {
    const auto event = static_cast<TimelineEvent>(i);
    if (!has(event)) continue;
    if (!is_inferred(event)) latest = std::max(latest, at_[i]);
    order.emplace_back(is_inferred(event) ? latest : at_[i], event);
  }
  std::ranges::stable_sort(order, {}, &std::pair<Instant, TimelineEvent>::first);

  std::vector<TimelineRow> rows;
  rows.reserve(order.size());
  for (const auto& [when, event] : order) {
    TimelineRow row{event, !is_inferred(event), std::nullopt};
    if (row.seen) row.at = opened_wall + std::chrono::floor<std::chrono::microseconds>(when - opened);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace tcpctl
