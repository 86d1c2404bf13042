// SPDX-License-Identifier: Apache-2.0
#include "connections/event_outlet.hpp"

#include <algorithm>
#include <iterator>

namespace tcpctl {
namespace {

constexpr std::size_t kLooksBack = 16;  // for a text that the batch has; the last ones come again the most

}  // namespace

// An event has three texts at most, and one source.
static_assert(EventOutlet::kMost * 3 < UINT16_MAX);

Event* EventOutlet::add(EventKind kind) {
  if (!on_) return nullptr;
  if (!is_set()) wheel_.set(*this, now() + kDelay);
  if (batch_.events.size() >= kMost && has_room()) give();
  if (batch_.events.size() >= kMost) {
    ++batch_.dropped;
    return nullptr;
  }
  Event& event = batch_.events.emplace_back();
  event.kind = kind;
  return &event;
}

Event::Text EventOutlet::place_of(const std::string& text) const {
  const std::size_t size = batch_.texts.size();
  for (std::size_t back = 1; back <= std::min(size, kLooksBack); ++back) {
    if (batch_.texts[size - back].get() == &text) return static_cast<Event::Text>(size - back + 1);
  }
  return 0;
}

Event::Text EventOutlet::text(std::string_view text) {
  if (text.empty()) return 0;
  batch_.texts.push_back(std::make_shared<const std::string>(text));
  return static_cast<Event::Text>(batch_.texts.size());
}

Event::Source EventOutlet::source(const Address& address) {
  batch_.sources.push_back(address);
  return static_cast<Event::Source>(batch_.sources.size());
}

void EventOutlet::on_deadline() {
  if (batch_.events.empty() && batch_.dropped == 0) return;
  if (has_room()) {
    give();
  } else {
    wheel_.set(*this, now() + kDelay);
  }
}

void EventOutlet::give() {
  ++given_;
  // A copy of just their size is kept for long; the room they were collected in serves again.
  EventBatch full;
  full.dropped = std::exchange(batch_.dropped, 0);
  full.texts.assign(std::make_move_iterator(batch_.texts.begin()),
                    std::make_move_iterator(batch_.texts.end()));
  full.sources.assign(std::make_move_iterator(batch_.sources.begin()),
                      std::make_move_iterator(batch_.sources.end()));
  full.events.assign(std::make_move_iterator(batch_.events.begin()),
                     std::make_move_iterator(batch_.events.end()));
  batch_.texts.clear();
  batch_.sources.clear();
  batch_.events.clear();
  door_(std::move(full));
}

}  // namespace tcpctl
