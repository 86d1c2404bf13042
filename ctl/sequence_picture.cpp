// SPDX-License-Identifier: Apache-2.0
#include "ctl/sequence_picture.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "ctl/format.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kTimeWidth = 11;
constexpr std::size_t kWidestGap = 36;
constexpr std::size_t kMargin = 2;  // before the time, and before the state
constexpr std::size_t kDefaultWidth = 100;

struct Strokes {
  std::string_view life, whole, broken, right, left;
};
constexpr Strokes kUnicode{"│", "─", "╌", "▶", "◀"};
constexpr Strokes kAscii{"|", "-", ".", ">", "<"};

std::string times(std::string_view stroke, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += stroke;
  return out;
}

/// "─── SYN ───▶" over the whole gap between two lifelines.
std::string arrow_text(const Arrow& arrow, bool seen, std::size_t gap, const Strokes& strokes) {
  const auto label = " " + shorten(safe(arrow.text), gap - 5) + " ";
  const std::size_t room = gap - 1 - display_width(label);
  const std::string_view line = seen ? strokes.whole : strokes.broken;
  const auto before = times(line, room / 2);
  const auto after = times(line, room - room / 2);
  if (arrow.from < arrow.to) return before + label + after + std::string{strokes.right};
  return std::string{strokes.left} + before + label + after;
}

/// "+0.41 ms" "+3.200100 s" "+86401.2 s": as exact as there is room.
std::string since(WallTime start, WallTime at) {
  const auto seconds = std::chrono::duration<double>(at - start).count();
  if (seconds < 1) return "+" + micros_text(seconds * 1e6);
  const auto whole = fmt::formatted_size("{:.0f}", std::floor(seconds));
  return fmt::format("{:+.{}f} s", seconds, whole > 6 ? 0 : 7 - whole);
}

class Picture {
 public:
  Picture(const Sequence& sequence, const View& view)
      : sequence_{sequence}, strokes_{view.unicode ? kUnicode : kAscii}, gap_{gap_for(sequence, view)} {
    for (const auto& step : sequence.steps) {
      if (step.at && !start_) start_ = step.at;
    }
  }

  [[nodiscard]] bool fits() const { return gap_ >= kLeastGap; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines{heading()};
    for (const auto& step : sequence_.steps) lines.push_back(line(step));
    return lines;
  }

 private:
  static constexpr std::size_t kLeastGap = 14;

  static std::size_t gap_for(const Sequence& sequence, const View& view) {
    std::size_t state = 0;
    for (const auto& step : sequence.steps) state = std::max(state, display_width(step.state));
    const std::size_t lives = sequence.lifelines.size();
    const std::size_t taken = kMargin + kTimeWidth + 1 + lives + kMargin + state;
    const std::size_t width = view.width.value_or(kDefaultWidth);
    return width <= taken ? 0 : std::min((width - taken) / (lives - 1), kWidestGap);
  }

  /// The names, each in the middle over its lifeline.
  [[nodiscard]] std::string heading() const {
    std::string out(kTimeWidth + 1, ' ');
    for (std::size_t i = 0; i < sequence_.lifelines.size(); ++i) {
      const auto& name = sequence_.lifelines[i];
      const std::size_t middle = kTimeWidth + 1 + i * (gap_ + 1);
      const std::size_t from = middle - name.size() / 2;
      out.resize(std::min(out.size(), from), ' ');
      out.resize(from, ' ');
      out += name;
    }
    return out;
  }

  [[nodiscard]] std::string line(const SequenceStep& step) const {
    auto out = fmt::format("{:>{}} ", step.at ? since(*start_, *step.at) : "", kTimeWidth);
    for (std::size_t i = 0; i < sequence_.lifelines.size(); ++i) {
      out += strokes_.life;
      if (i + 1 == sequence_.lifelines.size()) break;
      const bool here = step.arrow && std::min(step.arrow->from, step.arrow->to) == i;
      out += here ? arrow_text(*step.arrow, step.seen, gap_, strokes_) : std::string(gap_, ' ');
    }
    if (!step.state.empty()) out += std::string(kMargin, ' ') + safe(step.state);
    return out;
  }

  const Sequence& sequence_;
  const Strokes strokes_;
  const std::size_t gap_;
  std::optional<WallTime> start_;
};

}  // namespace

std::vector<std::string> sequence_picture(const Sequence& sequence, const View& view) {
  if (sequence.steps.empty()) return {};
  const Picture picture{sequence, view};
  return picture.fits() ? picture.lines() : std::vector<std::string>{};
}

}  // namespace tcpctl::ctl
