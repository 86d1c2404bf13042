// SPDX-License-Identifier: Apache-2.0
#include "stats/events.hpp"

#include <algorithm>
#include <array>

namespace tcpctl {
namespace {

#define X(name) #name,
constexpr std::array<std::string_view, kEventKinds> kEventTexts{TCPCTL_EVENTS(X)};
#undef X

}  // namespace

std::string_view text(EventKind kind) { return kEventTexts.at(static_cast<std::size_t>(kind)); }

std::optional<EventKind> parse_event_kind(std::string_view text) {
  const auto found = std::ranges::find(kEventTexts, text);
  if (found == kEventTexts.end()) return std::nullopt;
  return static_cast<EventKind>(found - kEventTexts.begin());
}

std::string_view text(Change::Outcome outcome) {
  constexpr std::array<std::string_view, 3> kTexts{"done", "refused", "failed"};
  return kTexts.at(static_cast<std::size_t>(outcome));
}

bool EventFilter::matches(const EventBatch& batch, const Event& event) const {
  if (kinds != 0 && (kinds & (1U << static_cast<unsigned>(event.kind))) == 0) return false;
  if (listener && (event.of_client || batch.text(event.party) != *listener)) return false;
  if (client && (!event.of_client || batch.text(event.party) != *client)) return false;
  if (direction && event.direction != direction) return false;
  if (!peer || peer->contains(event.remote)) return true;
  const Address* const source = batch.source(event);
  return source != nullptr && peer->contains(*source);
}

std::optional<EventCursor::Step> EventCursor::next() {
  const std::uint64_t least = std::max(position_ + 1, span_.oldest);
  for (; run_ < span_.runs.size(); ++run_, batch_ = 0) {
    const EventRun& run = *span_.runs[run_];
    for (; batch_ < run.size(); ++batch_) {
      const EventBatch& batch = *run[batch_];
      const std::uint64_t number = std::max(least, batch.first);
      if (number >= batch.behind_events()) continue;
      const std::uint64_t missing = number - position_ - 1;
      position_ = number;
      return Step{&batch, &batch.events[number - batch.first], number, missing};
    }
  }
  if (position_ >= span_.newest) return std::nullopt;
  const std::uint64_t missing = span_.newest - position_;
  position_ = span_.newest;
  return Step{nullptr, nullptr, position_, missing};
}

}  // namespace tcpctl
