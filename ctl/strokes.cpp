// SPDX-License-Identifier: Apache-2.0
#include "ctl/strokes.hpp"

#include <cmath>

#include <fmt/format.h>

#include "ctl/format.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr Strokes kUnicode{"│", "─", "╌", "▶", "◀", "…"};
constexpr Strokes kAscii{"|", "-", ".", ">", "<", "~"};

}  // namespace

const Strokes& strokes_of(bool unicode) { return unicode ? kUnicode : kAscii; }

std::string times(std::string_view stroke, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += stroke;
  return out;
}

std::string arrow_text(std::string_view label, bool to_right, bool broken, std::size_t gap,
                       const Strokes& strokes) {
  const auto shown = fmt::format(" {} ", fitted(label, gap - 5, strokes));
  const std::size_t room = gap - 1 - display_width(shown);
  const std::string_view line = broken ? strokes.broken : strokes.whole;
  const auto before = times(line, room / 2);
  const auto after = times(line, room - room / 2);
  return to_right ? fmt::format("{}{}{}{}", before, shown, after, strokes.right)
                  : fmt::format("{}{}{}{}", strokes.left, before, shown, after);
}

std::string fitted(std::string_view text, std::size_t width, const Strokes& strokes) {
  if (display_width(text) <= width) return std::string{text};
  auto cut = shorten(text, width);
  if (const auto mark = cut.rfind("…"); mark != std::string::npos) cut.resize(mark);
  return width == 0 ? std::string{} : cut.append(strokes.cut);
}

std::string since_text(WallTime start, WallTime at) {
  const auto seconds = std::chrono::duration<double>(at - start).count();
  if (seconds < 1) return fmt::format("+{}", micros_text(seconds * 1e6));
  const auto whole = fmt::formatted_size("{:.0f}", std::floor(seconds));
  return fmt::format("{:+.{}f} s", seconds, whole > 6 ? 0 : 7 - whole);
}

}  // namespace tcpctl::ctl
