// SPDX-License-Identifier: Apache-2.0
#include "stats/recent_times.hpp"

#include <algorithm>
#include <chrono>

namespace tcpctl {

void RecentTimes::add(Duration took) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  put(static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, kFailed - 1)));
}

void RecentTimes::put(std::uint32_t value) {
  if (values_.size() < kMost) {
    values_.push_back(value);
    return;
  }
  values_[next_] = value;
  next_ = static_cast<std::uint8_t>((next_ + 1) % kMost);
}

std::vector<std::optional<Duration>> RecentTimes::all() const {
  std::vector<std::optional<Duration>> times;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::uint32_t value = values_[(next_ + i) % values_.size()];
    times.push_back(value == kFailed ? std::nullopt
                                     : std::optional<Duration>{std::chrono::microseconds{value}});
  }
  return times;
}

}  // namespace tcpctl
