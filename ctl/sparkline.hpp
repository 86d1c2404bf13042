// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tcpctl::ctl {

/// A bar for each value, from the lowest to the highest of them, and a cross where there is none: "▁▂█✕▁", or
/// "_.#x_" where `unicode` is off. Values below 0 count as 0.
[[nodiscard]] std::string sparkline(const std::vector<std::optional<double>>& values, bool unicode);

}  // namespace tcpctl::ctl
