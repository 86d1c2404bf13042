// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/wheel.hpp"
#include "stats/counter.hpp"
#include "stats/events.hpp"

namespace tcpctl {

/// Collects what happens on one loop and gives it on in batches, some milliseconds later: so an event costs
/// the data path a few stores, however many there are, and wakes nobody.
///
/// A batch holds kMost events and goes when it is full, at the latest kDelay after its first; kMostUnderWay
/// batches may be on their way, and what is beyond is counted and told with the next batch. Off, it collects
/// nothing. Threads: only on its loop, but for `note_taken`.
class EventOutlet final : private Deadline {
 public:
  static constexpr std::size_t kMost = 2048;
  static constexpr std::uint64_t kMostUnderWay = 8;
  static constexpr Duration kDelay = Wheel::kTick;
  using Door = std::function<void(EventBatch)>;

  explicit EventOutlet(Wheel& wheel) : wheel_{wheel} {}

  /// Where batches go. Whoever gets one calls `note_taken` once it has it.
  void open(Door door) { door_ = std::move(door); }
  void set_on(bool on) { on_ = on && door_ != nullptr; }
  [[nodiscard]] bool is_on() const { return on_; }
  /// Threads: the one behind the door.
  void note_taken() { taken_.add(); }

  /// A new event to be filled in; null while it is off, or where there is no room.
  [[nodiscard]] Event* add(EventKind kind);
  /// `text`, which lives as long as `holder`, as a text of the current batch.
  template <class Holder>
  [[nodiscard]] Event::Text text(const std::shared_ptr<Holder>& holder, const std::string& text) {
    if (const auto place = place_of(text); place != 0) return place;
    batch_.texts.emplace_back(holder, &text);
    return static_cast<Event::Text>(batch_.texts.size());
  }
  [[nodiscard]] Event::Text text(const std::shared_ptr<const std::string>& text) {
    return text ? this->text(text, *text) : Event::Text{0};
  }
  /// A copy; "" is none.
  [[nodiscard]] Event::Text text(std::string_view text);
  /// A copy.
  [[nodiscard]] Event::Source source(const Address& address);

 private:
  void on_deadline() override;
  void give();
  [[nodiscard]] bool has_room() const { return given_ - taken_.read() < kMostUnderWay; }
  [[nodiscard]] Event::Text place_of(const std::string& text) const;

  Wheel& wheel_;
  Door door_;
  bool on_{false};
  EventBatch batch_;
  std::uint64_t given_{0};
  Counter taken_;
};

}  // namespace tcpctl
