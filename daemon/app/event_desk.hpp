// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "app/crew_threads.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "engine/loop.hpp"
#include "stats/event_book.hpp"

namespace tcpctl {

/// How many refused changes are told: so many a minute. Anybody may try one, and shall not push what others
/// did out of the book by that.
class RefusedBound {
 public:
  static constexpr std::uint64_t kMost = 10;
  static constexpr Duration kTime = std::chrono::minutes{1};
  /// May the one that came at `time` be told? Then how many were not since the last one that was; else
  /// nothing.
  [[nodiscard]] std::optional<std::uint64_t> let(Instant time);

 private:
  std::optional<Instant> began_;
  std::uint64_t told_{0}, untold_{0};
};

/// Where the events of all loops come together: they get their numbers here and are kept in one book.
///
/// Threads: the main thread. The workers post their batches to it, and it tells them whether to collect any.
class EventDesk {
 public:
  /// Gets all that is kept when it begins to watch, and from then on what is new; and is told when it is
  /// over.
  using Watcher = std::function<void(const EventSpan&)>;

  EventDesk(Loop& main, CrewThreads& crew);
  EventDesk(const EventDesk&) = delete;
  EventDesk& operator=(const EventDesk&) = delete;

  /// How many are kept; 0 = none, and the workers collect none.
  void set_limit(std::uint64_t limit);
  /// The daemon read its files again.
  void tell_reload(const std::string& outcome);
  /// Something was changed, or should have been; of those that were refused a RefusedBound's are told.
  void tell_change(Change change);
  /// There is one at most; a null one ends it.
  void watch(Watcher watcher);
  [[nodiscard]] const EventBook& book() const { return book_; }

 private:
  void take(EventBatch batch);
  [[nodiscard]] static std::uint64_t first_number();

  CrewThreads& crew_;
  EventBook book_{0, first_number()};
  RefusedBound refused_;
  Watcher watcher_;
};

}  // namespace tcpctl
