// SPDX-License-Identifier: Apache-2.0
#include "connections/timeline.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {
namespace {

/// Our FIN behind the peer's, or before it.
TimelineEvent in_order(std::size_t i, bool peer_was_first) {
  const auto event = static_cast<TimelineEvent>(i);
  if (!peer_was_first) return event;
  if (event == TimelineEvent::fin_sent) return TimelineEvent::fin_received;
  return event == TimelineEvent::fin_received ? TimelineEvent::fin_sent : event;
}

}  // namespace

Timeline::Timeline(const Timeline& other)
    : inline_{other.inline_},
      rest_{other.rest_ ? std::make_unique<Rest>(*other.rest_) : nullptr},
      known_{other.known_},
      inferred_{other.inferred_},
      count_{other.count_} {}

Timeline& Timeline::operator=(const Timeline& other) {
  if (this != &other) *this = Timeline{other};
  return *this;
}

void Timeline::seen(TimelineEvent event, Instant when) {
  if (has(event) && !is_inferred(event)) return;
  // What happens in one turn of the loop happens at one moment; the order in which it was seen stays.
  if (count_ > 0) when = std::max(when, moment(count_ - 1U).at() + std::chrono::nanoseconds{1});
  if (count_ < kInline) {
    inline_[count_] = {event, when};
  } else {
    if (!rest_) rest_ = std::make_unique<Rest>();
    (*rest_)[count_ - kInline] = {event, when};
  }
  ++count_;
  known_ = static_cast<std::uint16_t>(known_ | bit(event));
  inferred_ = static_cast<std::uint16_t>(inferred_ & ~bit(event));
}

void Timeline::inferred(TimelineEvent event) {
  if (has(event)) return;
  known_ = static_cast<std::uint16_t>(known_ | bit(event));
  inferred_ = static_cast<std::uint16_t>(inferred_ | bit(event));
}

std::optional<Instant> Timeline::moment_of(TimelineEvent event) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (moment(i).event() == event) return moment(i).at();
  }
  return std::nullopt;
}

std::vector<std::pair<TimelineEvent, Instant>> Timeline::moments() const {
  std::vector<std::pair<TimelineEvent, Instant>> seen;
  for (std::size_t i = 0; i < count_; ++i) seen.emplace_back(moment(i).event(), moment(i).at());
  return seen;
}

std::vector<TimelineRow> Timeline::rows(Instant opened, WallTime opened_wall, bool peer_was_first) const {
  // An inferred event stands right after the latest seen one that the protocol puts before it.
  std::vector<std::pair<Instant, TimelineRow>> order;
  Instant latest{};
  for (std::size_t i = 0; i < kTimelineEvents; ++i) {
    const auto event = in_order(i, peer_was_first);
    if (!has(event)) continue;
    const auto at = moment_of(event);
    latest = std::max(latest, at.value_or(latest));
    TimelineRow row{event, at.has_value(), std::nullopt};
    if (at) row.at = to_wall(*at, opened, opened_wall);
    order.emplace_back(at.value_or(latest), row);
  }
  std::ranges::stable_sort(order, {}, &std::pair<Instant, TimelineRow>::first);

  std::vector<TimelineRow> rows;
  rows.reserve(order.size());
  for (const auto& [when, row] : order) rows.push_back(row);
  return rows;
}

}  // namespace tcpctl
