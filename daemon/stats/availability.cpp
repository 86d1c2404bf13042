// SPDX-License-Identifier: Apache-2.0
#include "stats/availability.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace tcpctl {
namespace {

constexpr Duration kMinute = std::chrono::minutes{1};
constexpr Duration kHour = std::chrono::hours{1};
constexpr Duration kDay = std::chrono::hours{24};

}  // namespace

template <std::size_t N>
void Availability::Buckets<N>::add(std::uint64_t from, std::uint64_t until, State state) {
  if (from >= until) return;
  // What is older than all buckets together leaves nothing of them.
  const std::uint64_t last = (until - 1) / kUnits;
  if (last >= from / kUnits + N) from = (last - N + 1) * kUnits;
  while (from < until) {
    const std::size_t place = from / kUnits % N;
    if (from % kUnits == 0) up[place] = known[place] = 0;
    const std::uint64_t end = std::min(until, (from / kUnits + 1) * kUnits);
    const auto length = static_cast<std::uint16_t>(end - from);
    if (state != State::unknown) known[place] = static_cast<std::uint16_t>(known[place] + length);
    if (state == State::up) up[place] = static_cast<std::uint16_t>(up[place] + length);
    from = end;
  }
}

template <std::size_t N>
std::optional<double> Availability::Buckets<N>::share() const {
  const auto all = std::accumulate(known.begin(), known.end(), std::uint64_t{0});
  if (all == 0) return std::nullopt;
  return static_cast<double>(std::accumulate(up.begin(), up.end(), std::uint64_t{0})) /
         static_cast<double>(all);
}

void Availability::Windows::advance(State state, Duration next) {
  // Both ends are rounded down, so that many short times add up to the long one.
  const auto units = [](Duration time, Duration bucket) {
    return static_cast<std::uint64_t>(time / (bucket / kUnits));
  };
  minutes.add(units(until, kMinute), units(next, kMinute), state);
  hours.add(units(until, kHour), units(next, kHour), state);
  until = next;
}

Availability::Windows Availability::windows_at(Instant now) const {
  Windows windows = before_ ? *before_ : Windows{};
  State state = State::unknown;
  for (const Change& change : changes_) {
    windows.advance(state, change.at());
    state = change.state();
  }
  windows.advance(state, std::max(windows.until, now - begin_));
  return windows;
}

void Availability::make_room() {
  const Duration last = changes_.back().at();
  // What is older than a day leaves nothing in the windows.
  if (before_ && before_->until + kDay <= last) before_.reset();
  const auto recent =
      std::ranges::find_if(changes_, [last](Change change) { return change.at() + kDay > last; });
  if (recent - changes_.begin() > 1) {
    changes_.erase(changes_.begin(), recent - 1);  // the one before tells the state up to the first of them
    return;
  }
  before_ = std::make_unique<const Windows>(windows_at(begin_ + last));
  changes_.erase(changes_.begin(), changes_.end() - 1);
}

void Availability::set(State next, Instant now) {
  if (next == state()) return;
  if (changes_.size() == kMostChanges) make_room();
  const Duration since = changes_.empty() ? Duration{0} : changes_.back().at();
  changes_.emplace_back(next, std::max(since, Duration{now - begin_}));
}

std::optional<double> Availability::last_hour(Instant now) const { return windows_at(now).minutes.share(); }

std::optional<double> Availability::last_day(Instant now) const { return windows_at(now).hours.share(); }

}  // namespace tcpctl
