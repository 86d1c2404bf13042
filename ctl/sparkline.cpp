// SPDX-License-Identifier: Apache-2.0
#include "ctl/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace tcpctl::ctl {
namespace {

constexpr std::array<std::string_view, 8> kUnicode{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> kAscii{"_", ".", ":", "-", "=", "+", "*", "#"};

}  // namespace

std::string sparkline(const std::vector<std::optional<double>>& values, bool unicode) {
  double least = INFINITY;
  double most = 0;
  for (const auto& value : values) {
    if (!value) continue;
    least = std::min(least, std::max(*value, 0.0));
    most = std::max(most, *value);
  }
  std::string line;
  for (const auto& value : values) {
    if (!value) {
      line += unicode ? "✕" : "x";
      continue;
    }
    const double share = most > least ? (std::max(*value, 0.0) - least) / (most - least) : 0;
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(share * kUnicode.size()), 7);
    line += unicode ? kUnicode[step] : kAscii[step];
  }
  return line;
}

}  // namespace tcpctl::ctl
