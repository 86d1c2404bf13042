// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "engine/loop.hpp"

namespace tcpctl {

class Wheel;

/// Something with one deadline: it derives from this, and the wheel calls `on_deadline`.
///
/// A deadline that moves on with every byte is set anew only when it comes due: `on_deadline` looks at the
/// clock and sets the rest. Destruction cancels. Threads: only on the wheel's loop.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool is_set() const { return link_ != nullptr; }

 protected:
  ~Deadline() { unlink(); }
  /// Called once per deadline that was set, after it has passed; may set the next one or destroy the object.
  virtual void on_deadline() = 0;

 private:
  friend class Wheel;
  void unlink();

  Deadline* next_{nullptr};
  Deadline** link_{nullptr};  // what points at this one
  std::uint64_t tick_{0};
};

/// Deadlines of any number of objects for O(1) each: a hierarchical timing wheel with one libevent timer,
/// which is off while none is set.
///
/// A deadline is met up to one tick (10 ms) late, never early; beyond 46 hours it is put in again on the way.
/// One that is taken out leaves the timer armed, and the wheel sees that it is empty when that fires.
/// Source: Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", scheme 6.
/// Threads: only on the loop.
class Wheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds{10};

  explicit Wheel(Loop& loop);
  Wheel(const Wheel&) = delete;
  Wheel& operator=(const Wheel&) = delete;
  ~Wheel();

  void set(Deadline& deadline, Instant when);
  static void cancel(Deadline& deadline) { deadline.unlink(); }
  /// A walk over all that are set, for tests.
  [[nodiscard]] std::size_t size() const;

  /// Fires what is due at `time`; the timer calls it, tests and benchmarks too.
  void advance(Instant time);

 private:
  friend class Deadline;
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kSlots = 1U << kBits;
  static constexpr std::size_t kLevels = 4;

  [[nodiscard]] std::uint64_t tick_at(Instant when) const;
  void insert(Deadline& deadline);
  void cascade(std::size_t level);
  void fire(std::uint64_t tick);
  void rest_or_arm();
  void arm();
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] std::uint64_t ticks_to_next() const;
  static void on_timer(evutil_socket_t fd, short what, void* self);

  Instant start_;
  std::uint64_t current_{0};    // the last tick that was fired
  std::uint64_t armed_for_{0};  // 0 = the timer is off, and nothing is set
  bool advancing_{false};
  std::array<std::array<Deadline*, kSlots>, kLevels> slots_{};
  EventPtr timer_;
};

}  // namespace tcpctl
