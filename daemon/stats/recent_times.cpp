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
  values_[next_] = value;
  next_ = static_cast<std::uint8_t>((next_ + 1) % kMost);
  size_ = static_cast<std::uint8_t>(std::min<std::size_t>(size_ + 1U, kMost));
}

std::vector<std::optional<Duration>> RecentTimes::all() const {
  std::vector<std::optional<Duration>> times;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint32_t value = values_[(next_ + kMost - size_ + i) % kMost];
    times.push_back(value == kFailed ? std::nullopt
                                     : std::optional<Duration>{std::chrono::microseconds{value}});
  }
  return times;
}

}  // namespace tcpctl
