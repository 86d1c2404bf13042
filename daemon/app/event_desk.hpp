// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/crew_threads.hpp"
#include "engine/loop.hpp"
#include "stats/event_book.hpp"

namespace tcpctl {

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
  /// There is one at most; a null one ends it.
  void watch(Watcher watcher);
  [[nodiscard]] const EventBook& book() const { return book_; }

 private:
  void take(EventBatch batch);
  [[nodiscard]] static std::uint64_t first_number();

  CrewThreads& crew_;
  EventBook book_{0, first_number()};
  Watcher watcher_;
};

}  // namespace tcpctl
