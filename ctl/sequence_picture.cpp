// SPDX-License-Identifier: Apache-2.0
#include "ctl/sequence_picture.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "ctl/strokes.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kTimeWidth = kSinceWidth;
constexpr std::size_t kWidestGap = 36;
constexpr std::size_t kMargin = 2;  // before the time, and before the state
constexpr std::size_t kDefaultWidth = 100;

class Picture {
 public:
  Picture(const Sequence& sequence, const View& view)
      : sequence_{sequence}, strokes_{strokes_of(view.unicode)}, gap_{gap_for(sequence, view)} {
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
    auto out = fmt::format("{:>{}} ", step.at ? since_text(*start_, *step.at) : "", kTimeWidth);
    for (std::size_t i = 0; i < sequence_.lifelines.size(); ++i) {
      out += strokes_.life;
      if (i + 1 == sequence_.lifelines.size()) break;
      const bool here = step.arrow && std::min(step.arrow->from, step.arrow->to) == i;
      out += here ? arrow(step) : std::string(gap_, ' ');
    }
    if (!step.state.empty()) out += std::string(kMargin, ' ') + safe(step.state);
    return out;
  }

  [[nodiscard]] std::string arrow(const SequenceStep& step) const {
    return arrow_text(safe(step.arrow->text), step.arrow->from < step.arrow->to, !step.seen, gap_, strokes_);
  }

  const Sequence& sequence_;
  const Strokes& strokes_;
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
