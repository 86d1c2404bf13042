// SPDX-License-Identifier: Apache-2.0
#include "engine/wheel.hpp"

#include <algorithm>
#include <cassert>

#include "engine/timeval.hpp"

namespace tcpctl {

void Deadline::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  next_ = nullptr;
  link_ = nullptr;
}

Wheel::Wheel(Loop& loop) : start_{now()}, timer_{evtimer_new(loop.base(), &Wheel::on_timer, this)} {}

Wheel::~Wheel() {
  for (auto& level : slots_) {
    for (auto& slot : level) {
      while (slot != nullptr) slot->unlink();
    }
  }
}

std::uint64_t Wheel::tick_at(Instant when) const {
  if (when <= start_) return 0;
  return static_cast<std::uint64_t>((when - start_ + kTick - Duration{1}) / kTick);
}

void Wheel::set(Deadline& deadline, Instant when) {
  deadline.unlink();
  // With nothing set the hands stood still; a stale hand would walk every tick since.
  if (armed_for_ == 0 && !advancing_) current_ = static_cast<std::uint64_t>((now() - start_) / kTick);
  deadline.tick_ = std::max(tick_at(when), current_ + 1);
  insert(deadline);
  if (!advancing_ && (armed_for_ == 0 || deadline.tick_ < armed_for_)) arm();
}

void Wheel::insert(Deadline& deadline) {
  constexpr std::uint64_t kHorizon = (std::uint64_t{1} << (kBits * kLevels)) - 1;
  const std::uint64_t slot_tick = std::min(deadline.tick_, current_ + kHorizon);
  const std::uint64_t distance = slot_tick - current_;
  std::size_t level = 0;
  while (level + 1 < kLevels && distance >= (std::uint64_t{1} << (kBits * (level + 1)))) ++level;
  Deadline*& head = slots_[level][(slot_tick >> (kBits * level)) & (kSlots - 1)];
  deadline.next_ = head;
  deadline.link_ = &head;
  if (head != nullptr) head->link_ = &deadline.next_;
  head = &deadline;
}

void Wheel::cascade(std::size_t level) {
  Deadline*& head = slots_[level][(current_ >> (kBits * level)) & (kSlots - 1)];
  Deadline* moved = head;
  head = nullptr;
  while (moved != nullptr) {
    Deadline& deadline = *moved;
    moved = deadline.next_;
    insert(deadline);
  }
}

void Wheel::fire(std::uint64_t tick) {
  Deadline*& head = slots_[0][tick & (kSlots - 1)];
  while (head != nullptr) {
    Deadline& deadline = *head;
    deadline.unlink();
    if (deadline.tick_ > tick) {
      insert(deadline);  // it lay beyond the horizon
    } else {
      deadline.on_deadline();
    }
  }
}

void Wheel::advance(Instant time) {
  const auto target = static_cast<std::uint64_t>(std::max(Duration{0}, Duration{time - start_}) / kTick);
  advancing_ = true;
  while (current_ < target) {
    ++current_;
    for (std::size_t level = 1; level < kLevels; ++level) {
      if ((current_ & ((std::uint64_t{1} << (kBits * level)) - 1)) != 0) break;
      cascade(level);
    }
    fire(current_);
    if (current_ % kSlots == 0 && is_empty()) break;
  }
  current_ = std::max(current_, target);
  advancing_ = false;
  rest_or_arm();
}

std::uint64_t Wheel::ticks_to_next() const {
  for (std::uint64_t ahead = 1; ahead < kSlots; ++ahead) {
    const std::uint64_t tick = current_ + ahead;
    if (slots_[0][tick & (kSlots - 1)] != nullptr) return ahead;
    if ((tick & (kSlots - 1)) == 0) return ahead;  // a higher level hands down here
  }
  return kSlots - 1;
}

bool Wheel::is_empty() const {
  return std::ranges::all_of(slots_, [](const auto& level) {
    return std::ranges::all_of(level, [](const Deadline* slot) { return slot == nullptr; });
  });
}

std::size_t Wheel::size() const {
  std::size_t size = 0;
  for (const auto& level : slots_) {
    for (const Deadline* each : level) {
      for (; each != nullptr; each = each->next_) ++size;
    }
  }
  return size;
}

void Wheel::rest_or_arm() {
  if (!is_empty()) {
    arm();
    return;
  }
  if (armed_for_ != 0) evtimer_del(timer_.get());
  armed_for_ = 0;
}

void Wheel::arm() {
  armed_for_ = current_ + ticks_to_next();
  const auto due = start_ + kTick * static_cast<std::int64_t>(armed_for_);
  const timeval wait = to_timeval(std::max(Duration{0}, Duration{due - now()}));
  evtimer_add(timer_.get(), &wait);
}

void Wheel::on_timer(evutil_socket_t /*fd*/, short /*what*/, void* self) {
  auto& wheel = *static_cast<Wheel*>(self);
  wheel.armed_for_ = 0;
  wheel.advance(now());
}

}  // namespace tcpctl
