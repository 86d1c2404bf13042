// SPDX-License-Identifier: Apache-2.0
#include "endpoints/probe_schedule.hpp"

#include <algorithm>
#include <functional>

namespace tcpctl {
namespace {

Duration share(Duration of, double part) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, Duration::period>(of) * part);
}

}  // namespace

double ProbeSchedule::place_of(std::string_view name) {
  constexpr unsigned kBits = 53;  // of a double's mantissa
  const std::uint64_t hash = std::hash<std::string_view>{}(name);
  return static_cast<double>(hash >> (64 - kBits)) / static_cast<double>(std::uint64_t{1} << kBits);
}

ProbeSchedule::ProbeSchedule(const Rules& rules, Instant origin, Instant now)
    : rules_{rules},
      origin_{origin + share(rules.interval, rules.place)},
      random_{static_cast<std::minstd_rand::result_type>(rules.place * std::minstd_rand::max()) + 1} {
  resume(now);
}

Instant ProbeSchedule::at(std::int64_t interval) const { return origin_ + rules_.interval * interval; }

std::int64_t ProbeSchedule::first_after(Instant when) const {
  if (when <= origin_) return 0;
  return (when - origin_ + rules_.interval - Duration{1}) / rules_.interval;
}

void ProbeSchedule::resume(Instant now) {
  next_ = first_after(now);
  due_ = at(next_++);
  if (rules_.has_run && due_ - now <= kLongestWait) return;
  const std::chrono::duration<double> together{static_cast<double>(rules_.probes - 1) / kBeginnings};
  const Duration span = std::min(rules_.interval, std::chrono::duration_cast<Duration>(together));
  due_ = now + share(span, rules_.place);
  next_ = first_after(due_ + rules_.interval / 2);
}

std::uint64_t ProbeSchedule::begin(Instant now) {
  const auto missed = std::max<std::int64_t>(0, (now - due_) / rules_.interval);
  next_ += missed;
  rules_.has_run = true;
  std::uniform_real_distribution<double> shift{-rules_.jitter, rules_.jitter};
  due_ = std::max(now, at(next_++) + share(rules_.interval, shift(random_)));
  return static_cast<std::uint64_t>(missed);
}

}  // namespace tcpctl
