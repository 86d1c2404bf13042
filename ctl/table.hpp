// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/json.hpp"

namespace tcpctl::ctl {

/// How output for people looks.
struct View {
  std::optional<std::size_t> width;  // columns there are; none: a line may be as long as it needs
  bool color{false};
  bool utc{false};
  bool wide{false};     // every column, nothing shortened
  bool unicode{false};  // what is drawn may use more than ASCII
};

/// What a text means. Colour only underlines it: the words alone say the same.
enum class Tone { plain, strong, good, warn, bad, faint };
[[nodiscard]] std::string toned(std::string_view text, Tone tone, bool color);

/// One field of a table; the table makes the text safe for a terminal.
struct Cell {
  std::string text;
  Tone tone{Tone::plain};
};

enum class Align { left, right };

/// A column: where its values come from, and what happens to it where room is scarce.
struct Column {
  std::string title;  // "ACTIVE"
  std::string field;  // the member of a row, "connections.active"; also the heading in CSV
  Align align{Align::left};
  int rank{0};           // 0 always stays; the highest gives way first
  std::size_t min{0};    // may be shortened to this many columns; 0: never
  bool wide{false};      // only with -o wide and csv
  bool restless{false};  // changes by itself, as an age does: no news to who watches
  /// What people read of `row`, mostly of its `field`; without it the member as it is, "-" where there is
  /// none.
  Cell (*show)(const Json& row, std::string_view field, const View& view){nullptr};
};

/// A table fitted to the width: all columns shrink to their minimum before the least important one goes.
///
/// The first rows settle the widths and the columns, later ones keep them, so that any number of rows can be
/// printed as they come. Threads: a plain value.
class Table {
 public:
  Table(std::vector<Column> columns, const View& view, bool headers = true);
  /// Lines for `rows`, before the first of them the heading.
  [[nodiscard]] std::string print(const std::vector<Json>& rows);

  /// The cells of each row, by what names it, as they were printed last.
  using Seen = std::map<std::string, std::vector<std::string>>;
  /// The same, with a '*' behind what is other than in `seen` and a '+' before who is new; these are then
  /// seen.
  [[nodiscard]] std::string print(const std::vector<Json>& rows, Seen* seen);

 private:
  [[nodiscard]] std::vector<Cell> cells(const Json& row) const;
  [[nodiscard]] std::string lines(const std::vector<std::vector<Cell>>& all);
  void mark(std::vector<Cell>& cells, const std::vector<std::string>* before) const;
  void fit(const std::vector<std::vector<Cell>>& rows);
  void drop_columns();
  void share_width();
  [[nodiscard]] std::size_t least_width() const;
  [[nodiscard]] std::string line(const std::vector<Cell>& cells) const;

  struct Slot {
    std::size_t column;
    std::size_t natural;
    std::size_t least;
    std::size_t width;
  };
  std::vector<Column> columns_;
  View view_;
  bool headers_;
  std::vector<Slot> slots_;  // the columns that are shown; empty until the first rows
};

}  // namespace tcpctl::ctl
