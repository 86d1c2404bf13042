// SPDX-License-Identifier: Apache-2.0
#include "stats/availability.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace tcpctl {
namespace {

constexpr Duration kMinute = std::chrono::minutes{1};
constexpr Duration kHour = std::chrono::hours{1};

}  // namespace

template <std::size_t N>
void Availability::Buckets<N>::add(std::uint64_t from, std::uint64_t until, State state) {
  // What is older than all buckets together leaves nothing of them.
  if (until / kUnits >= from / kUnits + N) from = (until / kUnits - N + 1) * kUnits;
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

void Availability::advance(Instant now) {
  const Duration until = std::max(counted_, now - begin_);
  // Both ends are rounded down, so that many short times add up to the long one.
  const auto units = [](Duration time, Duration bucket) {
    return static_cast<std::uint64_t>(time / (bucket / kUnits));
  };
  minutes_.add(units(counted_, kMinute), units(until, kMinute), state_);
  hours_.add(units(counted_, kHour), units(until, kHour), state_);
  counted_ = until;
}

void Availability::set(State state, Instant now) {
  advance(now);
  state_ = state;
}

std::optional<double> Availability::last_hour(Instant now) const {
  Availability then = *this;
  then.advance(now);
  return then.minutes_.share();
}

std::optional<double> Availability::last_day(Instant now) const {
  Availability then = *this;
  then.advance(now);
  return then.hours_.share();
}

}  // namespace tcpctl
