// SPDX-License-Identifier: Apache-2.0
#include "app/event_desk.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace tcpctl {

std::optional<std::uint64_t> RefusedBound::let(Instant time) {
  if (!began_ || time - *began_ >= kTime) {
    began_ = time;
    told_ = 0;
  }
  if (told_ == kMost) {
    ++untold_;
    return std::nullopt;
  }
  ++told_;
  return std::exchange(untold_, 0);
}

// So that a number of an earlier life is lower than all of this one, for whoever reads on behind it: a daemon
// does not tell a million events a second all its life. JSON's numbers hold it exactly, up to the year 2255.
std::uint64_t EventDesk::first_number() {
  return static_cast<std::uint64_t>(wall_now().time_since_epoch() / std::chrono::microseconds{1});
}

EventDesk::EventDesk(Loop& main, CrewThreads& crew) : crew_{crew} {
  crew_.post_all([this, main_loop = &main](Hub& hub) {
    EventOutlet& outlet = hub.worker().events();
    outlet.open([this, main_loop, &outlet](EventBatch batch) {
      const auto carried = std::make_shared<EventBatch>(std::move(batch));
      main_loop->post([this, carried, &outlet] {
        outlet.note_taken();
        take(std::move(*carried));
      });
    });
  });
}

void EventDesk::set_limit(std::uint64_t limit) {
  book_.set_limit(limit);
  if (!book_.is_on() && watcher_) {
    EventSpan end = book_.after(book_.newest());
    end.is_over = true;
    watcher_(end);
  }
  crew_.post_all([on = book_.is_on()](Hub& hub) { hub.worker().events().set_on(on); });
}

void EventDesk::tell_reload(const std::string& outcome) {
  EventBatch batch;
  Event& event = batch.events.emplace_back();
  event.kind = EventKind::reload;
  event.at = wall_now();
  batch.texts.push_back(std::make_shared<const std::string>(outcome));
  event.detail = 1;
  take(std::move(batch));
}

void EventDesk::tell_change(Change change) {
  std::uint64_t untold = 0;
  if (change.outcome == Change::Outcome::refused) {
    const auto let = refused_.let(now());
    if (!let) return;
    untold = *let;
  }
  EventBatch batch;
  Event& event = batch.events.emplace_back();
  event.kind = EventKind::change;
  event.at = wall_now();
  event.of_client = change.of_client;
  const auto place = [&](std::string text) -> Event::Text {
    if (text.empty()) return 0;
    batch.texts.push_back(std::make_shared<const std::string>(std::move(text)));
    return static_cast<Event::Text>(batch.texts.size());
  };
  event.party = place(change.party);
  if (untold > 0) event.detail = place(fmt::format("{} more were refused before and are not told", untold));
  batch.change = std::make_shared<const Change>(std::move(change));
  take(std::move(batch));
}

void EventDesk::watch(Watcher watcher) {
  watcher_ = std::move(watcher);
  if (watcher_) watcher_(book_.after(0));
}

void EventDesk::take(EventBatch batch) {
  const std::uint64_t before = book_.newest();
  if (!book_.add(std::move(batch)) || !watcher_) return;
  watcher_(book_.after(before));
}

}  // namespace tcpctl
