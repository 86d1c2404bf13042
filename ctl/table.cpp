// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.hpp"

#include <algorithm>
#include <numeric>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kGap = 2;

std::string padded(const Cell& cell, std::size_t width, Align align, bool color) {
  const auto text = shorten(cell.text, width);
  const std::string room(width - std::min(width, display_width(text)), ' ');
  const auto shown = toned(text, cell.tone, color);
  return align == Align::right ? room + shown : shown + room;
}

}  // namespace

std::string toned(std::string_view text, Tone tone, bool color) {
  if (!color || tone == Tone::plain || text.empty()) return std::string{text};
  const auto code = [tone]() -> std::string_view {
    switch (tone) {
      case Tone::strong:
        return "1";
      case Tone::good:
        return "32";
      case Tone::warn:
        return "33";
      case Tone::bad:
        return "31";
      case Tone::faint:
        return "2";
      case Tone::plain:
        break;
    }
    return "0";
  }();
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

Table::Table(std::vector<Column> columns, const View& view, bool headers)
    : columns_{std::move(columns)}, view_{view}, headers_{headers} {
  if (view_.wide) view_.width.reset();
}

std::vector<Cell> Table::cells(const Json& row) const {
  std::vector<Cell> cells;
  cells.reserve(columns_.size());
  for (const auto& column : columns_) {
    auto cell =
        column.show != nullptr ? column.show(row, column.field, view_) : Cell{row.at(column.field).raw()};
    cell.text = cell.text.empty() ? "-" : safe(cell.text);
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::string Table::print(const std::vector<Json>& rows) {
  std::vector<std::vector<Cell>> all;
  all.reserve(rows.size());
  for (const auto& row : rows) all.push_back(cells(row));
  return lines(all);
}

std::string Table::print(const std::vector<Json>& rows, Seen* seen) {
  Seen now;
  std::vector<std::vector<Cell>> all;
  all.reserve(rows.size());
  for (const auto& row : rows) {
    auto& made = all.emplace_back(cells(row));
    std::vector<std::string> texts;
    texts.reserve(made.size());
    for (const auto& cell : made) texts.push_back(cell.text);
    const auto name = row.text("id").value_or(row.text("name").value_or(texts.front()));
    const auto before = seen->find(name);
    if (!seen->empty()) mark(made, before == seen->end() ? nullptr : &before->second);
    now.insert_or_assign(name, std::move(texts));
  }
  *seen = std::move(now);
  return lines(all);
}

void Table::mark(std::vector<Cell>& cells, const std::vector<std::string>* before) const {
  if (before == nullptr) {
    cells.front().text.insert(0, "+");
    return;
  }
  for (std::size_t at = 0; at < cells.size(); ++at) {
    auto& cell = cells[at];
    if (columns_[at].restless || cell.text == before->at(at)) continue;
    cell.text += '*';
    if (cell.tone == Tone::plain) cell.tone = Tone::strong;
  }
}

std::string Table::lines(const std::vector<std::vector<Cell>>& all) {
  std::string out;
  if (slots_.empty()) {
    fit(all);
    std::vector<Cell> heading;
    heading.reserve(columns_.size());
    for (const auto& column : columns_) heading.push_back({column.title, Tone::strong});
    if (headers_) out += line(heading);
  }
  for (const auto& row : all) out += line(row);
  return out;
}

void Table::fit(const std::vector<std::vector<Cell>>& rows) {
  for (std::size_t at = 0; at < columns_.size(); ++at) {
    const auto& column = columns_[at];
    if (column.wide && !view_.wide) continue;
    const auto title = headers_ ? display_width(column.title) : 0;
    auto natural = title;
    for (const auto& row : rows) natural = std::max(natural, display_width(row[at].text));
    const auto least = column.min == 0 ? natural : std::min(natural, std::max(title, column.min));
    slots_.push_back({at, natural, least, natural});
  }
  if (!view_.width) return;
  drop_columns();
  share_width();
}

std::size_t Table::least_width() const {
  return std::accumulate(slots_.begin(), slots_.end(), std::size_t{0},
                         [](std::size_t sum, const Slot& slot) { return sum + slot.least + kGap; });
}

void Table::drop_columns() {
  const auto rank = [&](const Slot& slot) { return columns_[slot.column].rank; };
  while (least_width() > *view_.width + kGap) {
    const auto last = std::max_element(slots_.begin(), slots_.end(),
                                       [&](const Slot& a, const Slot& b) { return rank(a) < rank(b); });
    if (last == slots_.end() || rank(*last) == 0) return;
    slots_.erase(last);
  }
}

/// Everybody has the least; what is left goes to the most important first.
void Table::share_width() {
  const auto least = least_width();
  auto left = *view_.width + kGap > least ? *view_.width + kGap - least : 0;
  std::vector<Slot*> order;
  order.reserve(slots_.size());
  for (auto& slot : slots_) order.push_back(&slot);
  std::sort(order.begin(), order.end(), [&](const Slot* a, const Slot* b) {
    const auto left_rank = columns_[a->column].rank;
    const auto right_rank = columns_[b->column].rank;
    return left_rank != right_rank ? left_rank < right_rank : a->column < b->column;
  });
  for (auto* slot : order) {
    slot->width = slot->least + std::min(left, slot->natural - slot->least);
    left -= slot->width - slot->least;
  }
}

std::string Table::line(const std::vector<Cell>& cells) const {
  std::string out;
  std::size_t used = 0;
  for (const auto& slot : slots_) {
    const auto& column = columns_[slot.column];
    const bool last = &slot == &slots_.back();
    auto width = slot.width;
    if (!view_.width) {  // later rows may be wider than the first ones: then they push, and lose nothing
      width = std::max(width, display_width(cells[slot.column].text));
    } else if (used + width > *view_.width) {  // not even the columns that always stay have room
      width = *view_.width - std::min(*view_.width, used);
    }
    const auto& cell = cells[slot.column];
    if (last && column.align == Align::left) {
      out += toned(shorten(cell.text, width), cell.tone, view_.color);
      break;
    }
    out += padded(cell, width, column.align, view_.color);
    used += width + kGap;
    if (last || (view_.width && used >= *view_.width)) break;
    out += std::string(kGap, ' ');
  }
  while (out.ends_with(' ')) out.pop_back();
  return out + "\n";
}

}  // namespace tcpctl::ctl
