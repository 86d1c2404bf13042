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

/// RFC 3339 in UTC with microseconds: "2026-11-22T13:47:41.000123Z".
[[nodiscard]] std::string rfc3339(WallTime time);

}  // namespace tcpctl
