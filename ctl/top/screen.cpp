// SPDX-License-Identifier: Apache-2.0
#include "ctl/top/screen.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "ctl/filter.hpp"
#include "ctl/filter_words.hpp"
#include "ctl/row_filter.hpp"
#include "ctl/sparkline.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl::top {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortest{200};
constexpr milliseconds kLongest{60'000};
constexpr std::uint64_t kMostConnections = 1000;  // the most that the API gives at once
constexpr std::size_t kLongestFilter = 200;

Json json_number(double value) { return Json::parse(fmt::format("{:.0f}", value)).value_or(Json{}); }

Json json_text(const std::string& text) {
  return Json::parse(json_string(text).value_or("null")).value_or(Json{});
}

/// What names a row: the same object in the next picture.
std::string name_of(const Json& row) {
  for (const auto* field : {"name", "id", "seq"}) {
    if (const auto value = row.at(field); !value.is_null()) return value.raw();
  }
  return {};
}

bool holds(const Json& row, const std::vector<Column>& columns, const std::string& text, const View& view) {
  return std::ranges::any_of(columns, [&](const Column& column) {
    const auto shown =
        column.show != nullptr ? column.show(row, column.field, view).text : row.at(column.field).raw();
    const auto lower = [](std::string word) {
      std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
      return word;
    };
    return lower(shown).find(lower(text)) != std::string::npos;
  });
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t from = 0; from < text.size();) {
    const auto blank = std::min(text.find(' ', from), text.size());
    if (blank > from) words.push_back(text.substr(from, blank - from));
    from = blank + 1;
  }
  return words;
}

/// A filter that the daemon understands; nothing where it is just a word to look for.
std::optional<FilterValues> filter_of(const std::string& text) {
  auto values = parse_filter_words(words_of(text));
  if (!values) return std::nullopt;
  return *std::move(values);
}

std::string post_path(const Subject& subject, const std::string& verb) {
  return fmt::format("/v1/{}/{}/{}", subject.of == Tab::listeners ? "listeners" : "clients",
                     percent_encoded(subject.name), verb);
}

Action post(const Subject& subject, const std::string& verb, const std::string& done) {
  Action action;
  action.call.method = "POST";
  action.call.path = post_path(subject, verb);
  action.done = fmt::format("{} {}: {}", subject.of == Tab::listeners ? "listener" : "client",
                            safe(subject.name), done);
  return action;
}

Action kill(const std::string& id, bool reset) {
  Action action;
  action.call.method = "DELETE";
  action.call.path =
      fmt::format("/v1/connections/{}?how={}", percent_encoded(id), reset ? "reset" : "graceful");
  action.done = fmt::format("connection {}: {}", safe(id), reset ? "reset" : "ending: FIN sent");
  return action;
}

}  // namespace

Screen::Screen(const View& view, milliseconds interval) : view_{view}, interval_{interval} {
  view_.wide = false;
  looks_ = {Look{.sort = "NAME"}, Look{.sort = "NAME"}, Look{.sort = "IDLE"}, Look{.sort = ""}};
}

Wish Screen::wish() const {
  Wish wish;
  wish.tab = tab_;
  wish.subject = mode_ == Mode::subject || (mode_ == Mode::question && subject_) ? subject_ : std::nullopt;
  if (tab_ != Tab::connections) return wish;
  const auto& look = this->look();
  bool by_daemon = true;
  if (!look.filter.empty()) {
    const auto values = filter_of(look.filter);
    by_daemon = values.has_value();
    if (values) {
      for (const auto& [name, value] : *values) wish.connections.add(name, value);
    }
  }
  if (const auto order = order_of_daemon((look.descending ? "-" : "") + look.sort))
    wish.connections.add("sort", *order);
  wish.limit =
      by_daemon ? std::min<std::uint64_t>(look.first + room_ + 50, kMostConnections) : kMostConnections;
  return wish;
}

void Screen::take(Snapshot snapshot) {
  if (frozen_ && now_.is_whole) return;
  if (snapshot.trouble.empty() && snapshot.at != now_.at) {
    rates_[0].take(snapshot.listeners, "name", "bytes_in_total", "bytes_out_total", snapshot.at);
    rates_[1].take(snapshot.clients, "name", "bytes_in_total", "bytes_out_total", snapshot.at);
    rates_[2].take(snapshot.connections, "id", "bytes_in", "bytes_out", snapshot.at);
    total_.take({snapshot.status}, "", "totals.bytes_in_total", "totals.bytes_out_total", snapshot.at);
  }
  now_ = std::move(snapshot);
  arrange();
}

std::vector<Json> Screen::rows() const {
  const auto with_rates = [&](const std::vector<Json>& all, const Rates& rates) {
    std::vector<Json> rows;
    rows.reserve(all.size());
    for (const auto& row : all) {
      const auto name = name_of(row);
      const auto rate = rates.of(name);
      rows.push_back(row.with("in_rate", rate.in ? json_number(*rate.in) : Json{})
                         .with("out_rate", rate.out ? json_number(*rate.out) : Json{})
                         .with("trend", json_text(sparkline(rates.latest(name, 10), view_.unicode))));
    }
    return rows;
  };
  switch (tab_) {
    case Tab::listeners:
      return with_rates(now_.listeners, rates_[0]);
    case Tab::clients:
      return with_rates(now_.clients, rates_[1]);
    case Tab::connections:
      return with_rates(now_.connections, rates_[2]);
    case Tab::events:
      break;
  }
  return now_.events;
}

/// What is shown, from what the daemon said; the chosen row stays the same object.
void Screen::arrange() {
  auto& look = this->look();
  shown_ = rows();
  const bool by_daemon = tab_ == Tab::connections && filter_of(look.filter);
  if (!look.filter.empty() && !by_daemon)
    std::erase_if(shown_, [&](const Json& row) { return !holds(row, columns(), look.filter, view_); });
  if (tab_ != Tab::connections && !look.sort.empty())
    (void)sort_rows(shown_, (look.descending ? "-" : "") + look.sort, columns(), view_);
  const auto same = std::ranges::find(shown_, look.name, name_of);
  if (!look.name.empty() && same != shown_.end())
    look.chosen = static_cast<std::size_t>(std::distance(shown_.begin(), same));
  move(0);
}

const Json* Screen::chosen_row() const {
  return look().chosen < shown_.size() ? &shown_[look().chosen] : nullptr;
}

void Screen::move(std::ptrdiff_t by) {
  auto& look = this->look();
  const auto last = static_cast<std::ptrdiff_t>(shown_.size()) - 1;
  const auto wanted = std::clamp(static_cast<std::ptrdiff_t>(look.chosen) + by, std::ptrdiff_t{0},
                                 std::max(last, std::ptrdiff_t{0}));
  look.chosen = static_cast<std::size_t>(wanted);
  const auto* const row = chosen_row();
  look.name = row == nullptr ? "" : name_of(*row);
  if (look.chosen < look.first) look.first = look.chosen;
  if (look.chosen >= look.first + room_) look.first = look.chosen - room_ + 1;
}

Effect Screen::on(const Key& key) {
  message_.clear();
  switch (mode_) {
    case Mode::list:
      return on_list(key);
    case Mode::filter:
      return on_filter(key);
    case Mode::subject:
      return on_subject(key);
    case Mode::question:
      return on_question(key);
    case Mode::help:
      mode_ = Mode::list;
      return {};
  }
  return {};
}

Effect Screen::open(Tab tab) {
  tab_ = tab;
  mode_ = Mode::list;
  subject_.reset();
  now_.mistake.clear();
  arrange();
  return {.wish = true};
}

Effect Screen::on_list(const Key& key) {
  const auto page = static_cast<std::ptrdiff_t>(room_);
  const auto all = static_cast<std::ptrdiff_t>(shown_.size());
  const auto at = static_cast<std::size_t>(tab_);
  const auto moved = [this](std::ptrdiff_t by) {
    move(by);
    return Effect{.wish = tab_ == Tab::connections};
  };
  switch (key.kind) {
    case Key::Kind::up:
      return moved(-1);
    case Key::Kind::down:
      return moved(1);
    case Key::Kind::page_up:
      return moved(-page);
    case Key::Kind::page_down:
      return moved(page);
    case Key::Kind::home:
      return moved(-all);
    case Key::Kind::end:
      return moved(all);
    case Key::Kind::left:
      return sort_by_next(-1);
    case Key::Kind::right:
      return sort_by_next(1);
    case Key::Kind::tab:
      return open(kTabs[(at + 1) % kTabs.size()]);
    case Key::Kind::back_tab:
      return open(kTabs[(at + kTabs.size() - 1) % kTabs.size()]);
    case Key::Kind::enter:
      return look_closely();
    case Key::Kind::remove:
      ask_to_kill();
      return {};
    case Key::Kind::escape:
      if (look().filter.empty()) return {};
      look().filter.clear();
      arrange();
      return {.wish = true};
    case Key::Kind::erase:
      return {};
    case Key::Kind::text:
      break;
  }
  return on_letter(key.text);
}

Effect Screen::on_letter(const std::string& letter) {
  if (letter == "q") return {.quit = true};
  if (letter == "j") return on_list({Key::Kind::down});
  if (letter == "k") return on_list({Key::Kind::up});
  if (letter == "<") return sort_by_next(-1);
  if (letter == ">") return sort_by_next(1);
  if (letter == "+") return faster(true);
  if (letter == "-") return faster(false);
  if (letter.size() == 1 && letter[0] >= '1' && letter[0] <= '4')
    return open(kTabs[static_cast<std::size_t>(letter[0] - '1')]);
  if (letter == "K") ask_to_kill();
  if (letter == "p") ask_to_pause();
  if (letter == "d") ask_to_drain();
  if (letter == "/") mode_ = Mode::filter;
  if (letter == "?" || letter == "h") mode_ = Mode::help;
  if (letter == "r") {
    look().descending = !look().descending;
    arrange();
    return {.wish = true};
  }
  if (letter == " ") {
    frozen_ = !frozen_;
    return {.wish = !frozen_};
  }
  return {};
}

Effect Screen::faster(bool is_faster) {
  interval_ = std::clamp(is_faster ? interval_ / 2 : interval_ * 2, kShortest, kLongest);
  message_ = fmt::format("every {} s", static_cast<double>(interval_.count()) / 1e3);
  return {.interval = interval_};
}

Effect Screen::sort_by_next(int step) {
  const auto names = sortable();
  if (names.empty()) return {};
  const auto found = std::ranges::find(names, look().sort);
  const auto at = found == names.end() ? 0 : std::distance(names.begin(), found) + step;
  const auto count = static_cast<std::ptrdiff_t>(names.size());
  look().sort = names[static_cast<std::size_t>((at + count) % count)];
  arrange();
  return {.wish = true};
}

Effect Screen::on_filter(const Key& key) {
  auto& filter = look().filter;
  switch (key.kind) {
    case Key::Kind::enter:
      mode_ = Mode::list;
      return {};
    case Key::Kind::escape:
      filter.clear();
      mode_ = Mode::list;
      break;
    case Key::Kind::erase:
      while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xC0U) == 0x80U)
        filter.pop_back();
      if (!filter.empty()) filter.pop_back();
      break;
    case Key::Kind::text:
      if (filter.size() < kLongestFilter) filter += key.text;
      break;
    default:
      return on_list(key);
  }
  arrange();
  return {.wish = true};
}

Effect Screen::look_closely() {
  const auto* const row = chosen_row();
  if (row == nullptr) return {};
  subject_ = Subject{tab_, name_of(*row)};
  if (tab_ == Tab::events) {
    const auto id = row->text("connection");
    if (!id) {
      subject_.reset();
      message_ = "this event is of no connection";
      return {};
    }
    subject_ = Subject{Tab::connections, *id};
  }
  mode_ = Mode::subject;
  scrolled_ = 0;
  now_.facts = {};
  now_.subject.reset();
  return {.wish = true};
}

Effect Screen::on_subject(const Key& key) {
  const auto back = [this] {
    mode_ = Mode::list;
    subject_.reset();
    return Effect{.wish = true};
  };
  switch (key.kind) {
    case Key::Kind::up:
      scrolled_ -= std::min<std::size_t>(scrolled_, 1);
      return {};
    case Key::Kind::down:
      ++scrolled_;
      return {};
    case Key::Kind::page_up:
      scrolled_ -= std::min(scrolled_, room_);
      return {};
    case Key::Kind::page_down:
      scrolled_ += room_;
      return {};
    case Key::Kind::home:
      scrolled_ = 0;
      return {};
    case Key::Kind::escape:
    case Key::Kind::enter:
    case Key::Kind::left:
      return back();
    case Key::Kind::remove:
      ask_to_kill();
      return {};
    case Key::Kind::text:
      break;
    default:
      return {};
  }
  if (key.text == "q") return back();
  if (key.text == "j") return on_subject({Key::Kind::down});
  if (key.text == "k") return on_subject({Key::Kind::up});
  if (key.text == "K") ask_to_kill();
  if (key.text == "p") ask_to_pause();
  if (key.text == "d") ask_to_drain();
  return {};
}

void Screen::ask_to_kill() {
  const auto* const row = chosen_row();
  const bool is_open =
      subject_ ? subject_->of == Tab::connections : tab_ == Tab::connections && row != nullptr;
  if (!is_open) {
    message_ = "K ends a connection; choose one in the tab Connections";
    return;
  }
  const auto id = subject_ ? subject_->name : name_of(*row);
  const auto& facts = subject_ ? now_.facts : *row;
  question_ = Question{fmt::format("End connection {} with {}?  y = with FIN, r = with RST, n = no", safe(id),
                                   safe(facts.text("remote").value_or("-"))),
                       kill(id, false), kill(id, true)};
  mode_ = Mode::question;
}

void Screen::ask_to_pause() {
  const auto* const row = chosen_row();
  if (row == nullptr || (tab_ != Tab::listeners && tab_ != Tab::clients)) {
    message_ = "p pauses a listener or a client, and resumes it";
    return;
  }
  const Subject subject{tab_, name_of(*row)};
  const auto state = row->text("state").value_or("");
  const bool resumes = state == "paused" || state == "drained" || state == "draining";
  const auto what = tab_ == Tab::listeners ? "listener" : "client";
  question_ = Question{fmt::format("{} {} {}?  y/n", resumes ? "Resume" : "Pause", what, safe(subject.name)),
                       post(subject, resumes ? "resume" : "pause", resumes ? "resumed" : "paused")};
  mode_ = Mode::question;
}

void Screen::ask_to_drain() {
  const auto* const row = chosen_row();
  if (row == nullptr || tab_ != Tab::listeners) {
    message_ = "d drains a listener";
    return;
  }
  const Subject subject{tab_, name_of(*row)};
  question_ = Question{fmt::format("Drain listener {}: accept nothing new, end its {} connections?  y/n",
                                   safe(subject.name), row->count("connections.active").value_or(0)),
                       post(subject, "drain", "draining; p ends that")};
  mode_ = Mode::question;
}

Effect Screen::on_question(const Key& key) {
  mode_ = subject_ ? Mode::subject : Mode::list;
  const auto question = std::exchange(question_, std::nullopt);
  if (!question || key.kind != Key::Kind::text) {
    message_ = "nothing was done";
    return {};
  }
  if (key.text == "y" || key.text == "Y") return {.action = question->yes};
  if (key.text == "r" && question->reset) return {.action = question->reset};
  message_ = "nothing was done";
  return {};
}

}  // namespace tcpctl::ctl::top
