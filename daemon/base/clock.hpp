// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tcpctl {

/// A moment on the monotonic clock; durations are taken from these alone, so that a clock step changes none.
using Instant = std::chrono::steady_clock::time_point;
/// A moment on the wall clock, for people; UTC.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

[[nodiscard]] inline Instant now() { return std::chrono::steady_clock::now(); }
[[nodiscard]] WallTime wall_now();
/// `when` on the wall's clock, where `then` is `then_wall`: moments keep their order, and equal ones stay
/// equal, whichever pair of those they are told by.
[[nodiscard]] inline WallTime to_wall(Instant when, Instant then, WallTime then_wall) {
  const auto whole = [](Instant moment) {
    return std::chrono::floor<std::chrono::microseconds>(moment.time_since_epoch());
  };
  return then_wall + (whole(when) - whole(then));
}

/// RFC 3339 in UTC with microseconds: "2026-11-22T13:47:41.000123Z".
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace tcpctl
