// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"

/// What sequence diagrams are drawn of.
namespace tcpctl::ctl {

struct Strokes {
  std::string_view life, whole, broken, right, left;
  std::string_view cut;  // where a text has no room: its end
};
/// With more than ASCII, or without.
[[nodiscard]] const Strokes& strokes_of(bool unicode);

/// `stroke` `count` times.
[[nodiscard]] std::string times(std::string_view stroke, std::size_t count);

/// "─── SYN ───▶" over the whole gap between two lifelines, which is 6 columns at least. A broken line is one
/// that nobody saw.
[[nodiscard]] std::string arrow_text(std::string_view label, bool to_right, bool broken, std::size_t gap,
                                     const Strokes& strokes);

/// `text` in `width` columns at most, with `strokes.cut` where its end is missing.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width, const Strokes& strokes);

inline constexpr std::size_t kSinceWidth = 11;
/// "+0.41 ms" "+3.200100 s" "+86401.2 s": as exact as there is room in kSinceWidth.
[[nodiscard]] std::string since_text(WallTime start, WallTime at);

}  // namespace tcpctl::ctl
