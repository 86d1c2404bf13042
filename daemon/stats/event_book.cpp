// SPDX-License-Identifier: Apache-2.0
#include "stats/event_book.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {
namespace {

bool lies_before(std::uint64_t number, const EventBatchPtr& batch) { return number < batch->behind_events(); }
bool run_lies_before(std::uint64_t number, const EventRunPtr& run) {
  return lies_before(number, run->back());
}

std::size_t events_of(const EventRun& run) { return run.back()->behind_events() - run.front()->first; }

}  // namespace

void EventBook::set_limit(std::size_t limit) {
  limit_ = limit;
  trim();
}

EventBatchPtr EventBook::add(EventBatch batch) {
  if (!is_on()) return nullptr;
  batch.first = next_;
  next_ = batch.end();
  dropped_ += batch.dropped;
  auto numbered = std::make_shared<const EventBatch>(std::move(batch));
  keep(numbered);
  return numbered;
}

void EventBook::follow(const EventSpan& span) {
  for (const auto& run : span.runs) {
    for (const auto& batch : *run) {
      if (batch->first >= next_) keep(batch);
    }
  }
  first_ = span.first;
  lowest_ = span.oldest;
  while (!is_empty() && front().behind_events() <= lowest_) pop_front();
  next_ = std::max(next_, span.newest + 1);
}

void EventBook::keep(EventBatchPtr batch) {
  if (batch->events.empty()) return;
  count_ += batch->events.size();
  open_events_ += batch->events.size();
  open_.push_back(std::move(batch));
  if (open_.size() >= kRunBatches || open_events_ >= kRunEvents) {
    runs_.push_back(std::make_shared<const EventRun>(std::exchange(open_, {})));
    open_events_ = 0;
  }
  trim();
}

void EventBook::trim() {
  while (!is_empty() && count_ - front().events.size() >= limit_) pop_front();
}

const EventBatch& EventBook::front() const { return *(runs_.empty() ? open_ : *runs_.front())[head_]; }

void EventBook::pop_front() {
  count_ -= front().events.size();
  ++head_;
  if (head_ < (runs_.empty() ? open_ : *runs_.front()).size()) return;
  head_ = 0;
  if (runs_.empty()) {
    open_.clear();
    open_events_ = 0;
  } else {
    runs_.pop_front();
  }
}

std::uint64_t EventBook::oldest() const {
  if (is_empty()) return next_;
  return std::max(lowest_, front().first + (count_ - std::min(count_, limit_)));
}

EventSpan EventBook::after(std::uint64_t since, std::size_t most) const {
  EventSpan span;
  span.newest = newest();
  span.first = first_;
  span.since = since > span.newest || since < first_ ? first_ - 1 : since;
  span.oldest = oldest();
  const std::uint64_t least = std::max(span.since + 1, span.oldest);
  std::size_t events = 0;
  for (auto run = std::upper_bound(runs_.begin(), runs_.end(), least, run_lies_before);
       run != runs_.end() && events < most; ++run) {
    events += events_of(**run);
    span.runs.push_back(*run);
  }
  const auto rest = std::upper_bound(open_.begin(), open_.end(), least, lies_before);
  const bool has_rest = rest != open_.end();
  if (has_rest && events < most) {
    span.runs.push_back(std::make_shared<const EventRun>(rest, open_.end()));
    return span;
  }
  const bool is_cut = !span.runs.empty() && (has_rest || span.runs.back() != runs_.back());
  if (is_cut) span.newest = span.runs.back()->back()->end() - 1;
  return span;
}

}  // namespace tcpctl
