// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/diagram.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl::trace {
namespace {

constexpr std::size_t kDefaultWidth = 100, kWideWidth = 160;
constexpr std::size_t kLeastGap = 16, kWidestGap = 100;
constexpr std::size_t kState = 11;        // "ESTABLISHED"
constexpr std::size_t kMarginState = 21;  // "upstream: ESTABLISHED"
constexpr std::size_t kConnection = 8;    // "12-34567"
constexpr std::size_t kArrowEnds = 5;     // of an arrow: head, a stroke on each side, and blanks

std::size_t width_of(const View& view) { return view.width.value_or(view.wide ? kWideWidth : kDefaultWidth); }

/// `words` in lines of at most `first` columns and then `rest`; the first word is in the first one whatever
/// its length.
std::vector<std::string> wrapped(const std::vector<std::string>& words, std::size_t first, std::size_t rest) {
  std::vector<std::string> lines{""};
  for (const auto& word : words) {
    const std::size_t room = lines.size() == 1 ? first : rest;
    auto& last = lines.back();
    if (last.empty()) {
      last = word;
    } else if (display_width(last) + 1 + display_width(word) <= room) {
      last.append(" ").append(word);
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

std::string padded(const std::string& text, std::size_t width, bool to_right = false) {
  const std::string room(width - std::min(width, display_width(text)), ' ');
  return to_right ? room + text : text + room;
}

std::string without_end(std::string line) {
  while (line.ends_with(' ')) line.pop_back();
  return line.append("\n");
}

}  // namespace

Diagram::Diagram(Shape shape, const View& view)
    : shape_{std::move(shape)}, view_{view}, strokes_{strokes_of(view.unicode)}, width_{width_of(view)} {
  for (auto& name : shape_.lifelines) name = safe(name);
  for (auto& address : shape_.addresses) address = safe(address);
  lay_out();
}

std::size_t Diagram::gap_beside(std::size_t taken) const {
  const auto lives = shape_.lifelines.size();
  taken += kSinceWidth + 1 + lives + (shape_.many ? kConnection + 1 : 0);
  return width_ <= taken ? 0 : std::min((width_ - taken) / (lives - 1), kWidestGap);
}

void Diagram::lay_out() {
  const bool two = shape_.lifelines.size() == 2;
  const std::size_t states = two ? 2 * (kState + 1) : kMarginState + 2;
  gap_ = shape_.states ? gap_beside(states) : 0;
  both_states_ = gap_ >= kLeastGap && two;
  margin_state_ = gap_ >= kLeastGap && !two;
  if (gap_ < kLeastGap) gap_ = gap_beside(0);
  arrows_ = gap_ >= kLeastGap;
}

std::size_t Diagram::life_at(std::size_t index) const {
  return kSinceWidth + 1 + (shape_.many ? kConnection + 1 : 0) + (both_states_ ? kState + 1 : 0) +
         index * (gap_ + 1);
}

/// Each text with its middle over its lifeline, none over another.
std::string Diagram::centred(const std::vector<std::string>& texts) const {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto text = fitted(texts[i], gap_, strokes_);
    const std::size_t half = std::min(display_width(text) / 2, life_at(i));
    const std::size_t used = display_width(out);
    const std::size_t most = width_ - std::min(width_, display_width(text));
    const std::size_t from = std::max(std::min(life_at(i) - half, most), out.empty() ? 0 : used + 1);
    out.append(from - std::min(from, used), ' ').append(text);
  }
  return without_end(std::move(out));
}

std::string Diagram::heading() const {
  if (!arrows_) return {};
  return centred(shape_.lifelines) + (shape_.addresses.empty() ? "" : centred(shape_.addresses));
}

std::string Diagram::row(const Row& row) const {
  if (!arrows_) return in_words(row);
  const auto lines = wrapped(row.words, gap_ - kArrowEnds, gap_ - 2);
  const bool to_right = row.from < row.to;
  auto out = line(row, true, arrow_text(safe(lines.front()), to_right, false, gap_, strokes_));
  for (std::size_t at = 1; at < lines.size(); ++at)
    out += line(row, false, padded(fmt::format(" {}", fitted(safe(lines[at]), gap_ - 2, strokes_)), gap_));
  if (!row.below.empty())
    out += line(row, false, padded(fmt::format(" {}", fitted(safe(row.below), gap_ - 2, strokes_)), gap_));
  return out;
}

std::string Diagram::before(const Row& row, bool first) const {
  auto out = fmt::format("{} ", padded(first ? row.time : "", kSinceWidth, true));
  if (shape_.many)
    out += fmt::format("{} ",
                       padded(first ? fitted(safe(row.connection), kConnection, strokes_) : "", kConnection));
  if (both_states_) out += fmt::format("{} ", padded(first ? row.states[0] : "", kState, true));
  return out;
}

std::string Diagram::after(const Row& row) const {
  if (both_states_) return row.states[1].empty() ? "" : fmt::format(" {}", row.states[1]);
  if (!margin_state_) return {};
  return row.states[1].empty() ? "" : fmt::format("  {}", row.states[1]);
}

std::string Diagram::line(const Row& row, bool first, const std::string& content) const {
  auto out = before(row, first);
  for (std::size_t i = 0; i < shape_.lifelines.size(); ++i) {
    out += strokes_.life;
    if (i + 1 == shape_.lifelines.size()) break;
    const bool here = std::min(row.from, row.to) == i;
    out += here ? toned(content, row.tone, view_.color) : std::string(gap_, ' ');
  }
  if (first) out += after(row);
  return without_end(std::move(out));
}

std::string Diagram::in_words(const Row& row) const {
  std::vector<std::string> words{row.time};
  if (shape_.many) words.push_back(safe(row.connection));
  words.emplace_back(row.from < row.to ? strokes_.right : strokes_.left);
  for (const auto& word : row.words) words.push_back(safe(word));
  if (!row.below.empty()) words.push_back(safe(row.below));
  const std::size_t indent = width_ > 8 ? 2 : 0;
  std::string out;
  for (const auto& each : wrapped(words, width_, width_ - indent)) {
    const std::string margin(out.empty() ? 0 : indent, ' ');
    const auto shown = fitted(each, width_ - margin.size(), strokes_);
    out += margin + toned(shown, row.tone, view_.color) + "\n";
  }
  return out;
}

std::string Diagram::remark(const std::string& time, const std::string& connection,
                            const std::string& text) const {
  auto out = fmt::format("{} ", padded(time, kSinceWidth, true));
  if (!arrows_) out = fmt::format("{} ", time);
  const auto name = safe(connection);
  if (shape_.many && arrows_) {
    out += fmt::format("{} ", padded(fitted(name, kConnection, strokes_), kConnection));
  } else if (shape_.many) {
    out += fmt::format("{} ", name);
  }
  return without_end(fitted(out + safe(text), width_, strokes_));
}

}  // namespace tcpctl::ctl::trace
