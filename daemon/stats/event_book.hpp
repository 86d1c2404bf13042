// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "stats/events.hpp"

namespace tcpctl {

/// Gives events their numbers and keeps the last `limit` of them; the oldest give way.
///
/// Numbers begin at `first` and have no gaps but those of events that found no room on their way here, which
/// are counted. Batches are kept as they came, and shared with those who read by the run: so the whole book
/// is handed out for a hundredth of what a copy of its list of batches costs. Memory is given back by the
/// run, too. Threads: one owner.
class EventBook {
 public:
  /// A run is complete with so many batches, or events.
  static constexpr std::size_t kRunBatches = 128;
  static constexpr std::size_t kRunEvents = 1024;

  explicit EventBook(std::size_t limit = 0, std::uint64_t first = 1)
      : limit_{limit}, first_{first}, next_{first}, lowest_{first} {}

  /// 0 keeps nothing. Numbers go on.
  void set_limit(std::size_t limit);
  [[nodiscard]] bool is_on() const { return limit_ > 0; }

  /// Takes `batch` in, numbered; null where nothing is kept.
  EventBatchPtr add(EventBatch batch);
  /// Takes in what another book has numbered, in its order.
  void follow(const EventSpan& span);

  /// What there is behind the number `since`. One that was not given is of another life of the daemon: then
  /// it is all there is. `most`: with so many events the span ends, at the end of a run.
  [[nodiscard]] EventSpan after(std::uint64_t since, std::size_t most = SIZE_MAX) const;

  [[nodiscard]] std::uint64_t newest() const { return next_ - 1; }
  /// How many have been given a number.
  [[nodiscard]] std::uint64_t numbered() const { return next_ - first_; }
  /// Events that can be read.
  [[nodiscard]] std::size_t size() const { return count_ < limit_ ? count_ : limit_; }
  /// Of those that were numbered, how many found no room on their way here.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void keep(EventBatchPtr batch);
  void trim();
  [[nodiscard]] bool is_empty() const { return runs_.empty() && head_ == open_.size(); }
  /// The oldest batch that is kept; there is one.
  [[nodiscard]] const EventBatch& front() const;
  void pop_front();
  [[nodiscard]] std::uint64_t oldest() const;

  std::size_t limit_;
  std::uint64_t first_;
  std::uint64_t next_;
  std::uint64_t lowest_;  // below it the book that this one follows has nothing either
  std::uint64_t dropped_{0};
  std::size_t count_{0};  // in all batches; those beyond the limit are not shown
  std::deque<EventRunPtr> runs_;
  EventRun open_;  // behind them; not shared, since it grows
  std::size_t open_events_{0};
  std::size_t head_{0};  // place of `front()` in the first run
};

}  // namespace tcpctl
