// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.hpp"

namespace tcpctl {

/// The line that the service daytime sends: "Sunday, November 22, 2026 13:47:41-UTC\r\n", never localised.
/// Source: RFC 867, the first of its popular syntaxes.
[[nodiscard]] std::string daytime_line(WallTime now);

}  // namespace tcpctl
