// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/strokes.hpp"
#include "ctl/table.hpp"

namespace tcpctl::ctl::trace {

/// What a diagram has place for.
struct Shape {
  std::vector<std::string> lifelines;  // two or three, from left to right: "client", "tcpctl"
  std::vector<std::string> addresses;  // below them; empty for none
  bool many{false};                    // connections are told apart by a column
  bool states{false};                  // of the ends
};

/// A sequence diagram that is drawn row by row, as segments come: the time, the connection where there are
/// many, a lifeline for each end with the arrows between them, and the states of the ends.
///
/// Its columns follow from the width alone. Where that is scarce the states go first; where there is no room
/// for arrows, a segment is told in words. Everything that is drawn is made safe for the terminal.
/// Threads: a plain value.
class Diagram {
 public:
  /// One arrow between two lifelines that stand beside each other.
  struct Row {
    std::string time;  // "+0.41 ms"
    std::string connection{};
    std::size_t from{0}, to{1};
    std::vector<std::string> words;  // the first is always on the arrow
    std::string below{};             // a line of its own below it
    Tone tone{Tone::plain};
    std::array<std::string, 2> states{};  // of the two ends, left and right, where they changed
  };

  Diagram(Shape shape, const View& view);

  /// The names over their lifelines, with line feeds; "" where there are no lifelines.
  [[nodiscard]] std::string heading() const;
  /// The arrow and whatever has no room on it, with line feeds.
  [[nodiscard]] std::string row(const Row& row) const;
  /// A line about a connection, beside the lifelines' columns.
  [[nodiscard]] std::string remark(const std::string& time, const std::string& connection,
                                   const std::string& text) const;
  /// Columns between two lifelines: what Row::below has.
  [[nodiscard]] std::size_t room() const { return arrows_ ? gap_ - 2 : width_; }

 private:
  void lay_out();
  [[nodiscard]] std::size_t gap_beside(std::size_t taken) const;
  [[nodiscard]] std::string in_words(const Row& row) const;
  [[nodiscard]] std::string line(const Row& row, bool first, const std::string& content) const;
  [[nodiscard]] std::string before(const Row& row, bool first) const;
  [[nodiscard]] std::string after(const Row& row) const;
  [[nodiscard]] std::string centred(const std::vector<std::string>& texts) const;
  [[nodiscard]] std::size_t life_at(std::size_t index) const;

  Shape shape_;
  View view_;
  const Strokes& strokes_;
  std::size_t width_, gap_{0};
  bool arrows_{true}, both_states_{false}, margin_state_{false};
};

}  // namespace tcpctl::ctl::trace
