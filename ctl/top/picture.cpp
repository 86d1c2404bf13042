// SPDX-License-Identifier: Apache-2.0
// How Screen draws: a head of three lines, a table or a text, a line at the foot.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/client_sheet.hpp"
#include "ctl/columns.hpp"
#include "ctl/connection_sheet.hpp"
#include "ctl/event_lines.hpp"
#include "ctl/filter.hpp"
#include "ctl/format.hpp"
#include "ctl/listener_sheet.hpp"
#include "ctl/problems.hpp"
#include "ctl/sparkline.hpp"
#include "ctl/terminal.hpp"
#include "ctl/top/screen.hpp"

namespace tcpctl::ctl::top {
namespace {

constexpr std::size_t kDate = std::string_view{"2026-11-22 "}.size();
constexpr std::size_t kMargin = 2;  // for the mark of the chosen row

constexpr std::string_view kHelp =
    "1 2 3 4  Tab     Listeners, clients, connections, events\n"
    "Up Down  j k     choose a row; PgUp, PgDn, Home, End\n"
    "Enter            all facts of it, of a connection its time line; Esc leads back\n"
    "< >  Left Right  sort by another column; r the other way round\n"
    "/                only rows with this text; of connections also as in ss:\n"
    "                 state ESTABLISHED dst 10.0.0.0/8 rtt>50ms. Esc takes it away\n"
    "K  Del           end the connection\n"
    "p                pause a listener or a client, or resume it\n"
    "d                drain a listener\n"
    "+ -              look more often, or less\n"
    "Space            hold the picture\n"
    "?  h             this help\n"
    "q                leave\n";

Cell rate_cell(const Json& row, std::string_view field, const View&) {
  const auto rate = row.number(field);
  return {rate ? bytes_text(*rate) : ""};
}

std::string rate_text(const std::optional<double>& rate) { return rate ? bytes_text(*rate) + "/s" : "-"; }

/// Behind the columns of the list; before its last ones where there is not room for all.
void add_rates(std::vector<Column>& columns, bool with_trend) {
  const auto at = std::ranges::find(columns, "bytes_in_total", &Column::field);
  auto place = at == columns.end() ? std::ranges::find(columns, "bytes_in", &Column::field) : at;
  std::vector<Column> more{
      {.title = "IN/S", .field = "in_rate", .align = Align::right, .rank = 1, .show = rate_cell},
      {.title = "OUT/S", .field = "out_rate", .align = Align::right, .rank = 1, .show = rate_cell}};
  if (with_trend) more.push_back({.title = "TREND", .field = "trend", .rank = 7});
  columns.insert(place, more.begin(), more.end());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<Column> Screen::columns() const {
  std::vector<Column> all;
  switch (tab_) {
    case Tab::listeners:
      all = listener_columns();
      add_rates(all, true);
      break;
    case Tab::clients:
      all = client_columns();
      add_rates(all, true);
      break;
    case Tab::connections:
      all = connection_columns();
      add_rates(all, false);
      break;
    case Tab::events:
      all = event_columns();
      break;
  }
  std::erase_if(all, [](const Column& column) { return column.wide; });
  return all;
}

/// Of connections only what the daemon can sort by: there are more of them than are here.
std::vector<std::string> Screen::sortable() const {
  std::vector<std::string> names;
  if (tab_ == Tab::events) return names;
  for (const auto& column : columns()) {
    if (tab_ != Tab::connections || order_of_daemon(column.title)) names.push_back(column.title);
  }
  return names;
}

std::string Screen::heading() const {
  const auto& status = now_.status;
  if (!now_.is_whole) return toned("tcpctl top", Tone::strong, view_.color);
  const auto rate = total_.of("");
  const auto uptime = status.number("uptime_seconds");
  const auto active = status.number("totals.connections_active");
  return fmt::format(
      "{}, up {}, {} connections, in {}, out {} {}",
      toned("tcpctld " + safe(status.text("version").value_or("-")), Tone::strong, view_.color),
      uptime ? span_text(*uptime * 1000) : "-", active ? count_text(*active) : "-", rate_text(rate.in),
      rate_text(rate.out), sparkline(total_.latest("", 20), view_.unicode));
}

std::string Screen::trouble() const {
  if (!now_.trouble.empty()) {
    const auto since = now_.lost_at ? time_text(*now_.lost_at, view_.utc).substr(kDate) : "-";
    return toned(fmt::format("no answer since {}: {}; trying again", since, safe(now_.trouble)), Tone::bad,
                 view_.color);
  }
  if (!now_.is_whole) return "asking the daemon";
  const auto found = problems(now_.status, now_.listeners, now_.clients, view_);
  if (found.empty()) return toned("No problems.", Tone::good, view_.color);
  const auto more = found.size() == 1 ? "" : fmt::format(" (and {} more)", found.size() - 1);
  return toned(found.front().serious ? "failed " : "note   ", found.front().serious ? Tone::bad : Tone::warn,
               view_.color) +
         safe(found.front().text) + more;
}

std::string Screen::tabs(std::size_t width) const {
  const std::array counts{
      now_.listeners.size(), now_.clients.size(),
      static_cast<std::size_t>(now_.status.count("totals.connections_active").value_or(0)),
      now_.events.size()};
  constexpr std::array kNames{"Listeners", "Clients", "Connections", "Events"};
  std::string text;
  for (std::size_t at = 0; at < kTabs.size(); ++at) {
    const bool is_here = kTabs[at] == tab_;
    const auto name = width < 60 ? std::string{kNames.at(at)}.substr(0, 4) : std::string{kNames.at(at)};
    const auto count = kTabs[at] == Tab::events || width < 40 ? "" : fmt::format(" {}", counts.at(at));
    text += is_here ? toned(fmt::format("[{} {}{}]", at + 1, name, count), Tone::strong, view_.color)
                    : fmt::format(" {} {}{} ", at + 1, name, count);
  }
  if (frozen_) text += toned("  held", Tone::warn, view_.color);
  return text;
}

std::string Screen::foot() const {
  if (mode_ == Mode::question && question_) return toned(question_->text, Tone::strong, view_.color);
  if (mode_ == Mode::filter)
    return fmt::format("Filter: {}_   Enter keeps it, Esc takes it away", safe(look().filter));
  if (!message_.empty()) return safe(message_);
  if (!now_.mistake.empty() && mode_ == Mode::list) return toned(safe(now_.mistake), Tone::warn, view_.color);
  if (mode_ == Mode::subject) return "Esc back  Up Down scroll  K end it  p pause  d drain";
  if (mode_ == Mode::help) return "any key leads back";
  std::string text = "? help  q quit  / filter  < > sort  Enter details  K end  p pause  d drain";
  if (!look().filter.empty()) text = fmt::format("Filter: {}   Esc takes it away", safe(look().filter));
  if (tab_ == Tab::connections && now_.connections.size() < now_.connections_total)
    text = fmt::format("the first {} of {}  {}", now_.connections.size(), now_.connections_total, text);
  return text;
}

void Screen::add_table(Picture& picture, std::size_t width, std::size_t room) {
  room_ = std::max<std::size_t>(room, 2) - 1;  // but for the headings
  move(0);
  auto& look = this->look();
  const auto most_first = shown_.size() > room_ ? shown_.size() - room_ : 0;
  look.first = std::min(look.first, most_first);
  auto columns = this->columns();
  const auto arrow = view_.unicode ? (look.descending ? "▼" : "▲") : (look.descending ? "v" : "^");
  for (auto& column : columns) {
    if (column.title == look.sort) column.title += arrow;
  }
  auto view = view_;
  view.width = width > kMargin ? width - kMargin : 1;
  const auto first = shown_.begin() + static_cast<std::ptrdiff_t>(look.first);
  const auto count = std::min(room_, shown_.size() - look.first);
  const std::vector<Json> visible{first, first + static_cast<std::ptrdiff_t>(count)};
  auto lines = lines_of(Table{std::move(columns), view}.print(visible));
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const bool is_chosen = at > 0 && look.first + at - 1 == look.chosen;
    if (is_chosen) picture.chosen = picture.lines.size();
    picture.lines.push_back((is_chosen ? "> " : "  ") + lines[at]);
  }
  if (shown_.empty() && now_.is_whole)
    picture.lines.push_back(toned(look.filter.empty() ? "  nothing here" : "  nothing matches the filter",
                                  Tone::faint, view_.color));
}

void Screen::add_text(Picture& picture, const std::string& text, std::size_t room) {
  room_ = std::max<std::size_t>(room, 1);
  const auto lines = lines_of(text);
  scrolled_ = std::min(scrolled_, lines.size() > room_ ? lines.size() - room_ : 0);
  const auto count = std::min(room_, lines.size() - scrolled_);
  const auto first = lines.begin() + static_cast<std::ptrdiff_t>(scrolled_);
  picture.lines.insert(picture.lines.end(), first, first + static_cast<std::ptrdiff_t>(count));
}

std::string Screen::subject_text(std::size_t width) const {
  if (!subject_ || now_.subject != subject_) return "asking the daemon\n";
  if (now_.facts.is_null()) return safe(now_.mistake) + "\n";
  auto view = view_;
  view.width = width;
  switch (subject_->of) {
    case Tab::listeners: {
      const auto rates = rates_[0].latest(subject_->name, Rates::kKept);
      return listener_sheet(now_.facts, view) +
             (rates.empty() ? "" : "\nBytes a second\n  " + sparkline(rates, view_.unicode) + "\n");
    }
    case Tab::clients:
      return client_sheet(now_.facts, view);
    case Tab::connections:
    case Tab::events:
      break;
  }
  return connection_sheet(now_.facts, now_.other, view);
}

Picture Screen::picture(std::size_t width, std::size_t height) {
  Picture picture;
  picture.lines = {heading(), trouble(), tabs(width)};
  const auto room = height > picture.lines.size() + 1 ? height - picture.lines.size() - 1 : 1;
  const bool is_close = mode_ == Mode::subject || (mode_ == Mode::question && subject_);
  if (mode_ == Mode::help) {
    add_text(picture, std::string{kHelp}, room);
  } else if (is_close) {
    add_text(picture, subject_text(width), room);
  } else {
    add_table(picture, width, room);
  }
  if (height > 0 && picture.lines.size() >= height) picture.lines.resize(height - 1);
  while (picture.lines.size() + 1 < height) picture.lines.emplace_back();
  picture.lines.push_back(foot());
  return picture;
}

}  // namespace tcpctl::ctl::top
