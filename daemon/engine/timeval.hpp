// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/time.h>

#include "base/units.hpp"

namespace tcpctl {

/// As libevent wants it, rounded up: a timer never comes early. Threads: any.
[[nodiscard]] inline timeval to_timeval(Duration duration) {
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(duration).count();
  return {micros / 1'000'000, static_cast<suseconds_t>(micros % 1'000'000)};
}

}  // namespace tcpctl
