// SPDX-License-Identifier: Apache-2.0
#include "stats/event_book.hpp"

#include <algorithm>
#include <utility>

namespace tcpctl {

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
  for (const auto& batch : span.batches) {
    if (batch->first >= next_) keep(batch);
  }
  first_ = span.first;
  lowest_ = span.oldest;
  while (!batches_.empty() && batches_.front()->first + batches_.front()->events.size() <= lowest_) {
    count_ -= batches_.front()->events.size();
    batches_.pop_front();
  }
  next_ = std::max(next_, span.newest + 1);
}

void EventBook::keep(EventBatchPtr batch) {
  if (batch->events.empty()) return;
  count_ += batch->events.size();
  batches_.push_back(std::move(batch));
  trim();
}

void EventBook::trim() {
  while (!batches_.empty() && count_ - batches_.front()->events.size() >= limit_) {
    count_ -= batches_.front()->events.size();
    batches_.pop_front();
  }
}

std::uint64_t EventBook::oldest() const {
  if (batches_.empty()) return next_;
  return std::max(lowest_, batches_.front()->first + (count_ - std::min(count_, limit_)));
}

EventSpan EventBook::after(std::uint64_t since, std::size_t most) const {
  EventSpan span;
  span.newest = newest();
  span.first = first_;
  span.since = since > span.newest || since < first_ ? first_ - 1 : since;
  span.oldest = oldest();
  const auto behind = [](std::uint64_t number, const EventBatchPtr& batch) {
    return number < batch->first + batch->events.size();
  };
  auto batch = std::upper_bound(batches_.begin(), batches_.end(), span.since + 1, behind);
  for (std::size_t events = 0; batch != batches_.end() && events < most; ++batch) {
    events += (*batch)->events.size();
    span.batches.push_back(*batch);
  }
  if (batch != batches_.end() && !span.batches.empty()) span.newest = span.batches.back()->end() - 1;
  return span;
}

}  // namespace tcpctl
