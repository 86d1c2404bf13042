// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "base/clock.hpp"

namespace tcpctl {

/// What the service time sends: the seconds since 1900-01-01 00:00 UTC, big endian, modulo 2^32; so it starts
/// over at 0 on 2036-02-07 06:28:16. Source: RFC 868.
[[nodiscard]] std::array<char, 4> time_reply(WallTime now);

}  // namespace tcpctl
