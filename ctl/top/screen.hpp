// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ctl/table.hpp"
#include "ctl/top/model.hpp"
#include "ctl/top/rates.hpp"

namespace tcpctl::ctl::top {

/// A key, or a character of text.
struct Key {
  enum class Kind {
    text,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    erase,
    remove,
    tab,
    back_tab
  };
  Kind kind{Kind::text};
  std::string text{};  // one character in UTF-8
};

/// Lines from the top; what is toned in them is so by the sequences of `toned`. One may be chosen.
struct Picture {
  std::vector<std::string> lines;
  std::optional<std::size_t> chosen;
};

/// What a key leads to.
struct Effect {
  bool quit{false};
  bool wish{false};  // something else is wanted of the daemon
  std::optional<Action> action{};
  std::optional<std::chrono::milliseconds> interval{};
};

/// What `tcpctl top` shows and how keys change that; it knows neither the terminal nor the daemon.
/// Threads: one.
class Screen {
 public:
  Screen(const View& view, std::chrono::milliseconds interval);

  [[nodiscard]] Effect on(const Key& key);
  void take(Snapshot snapshot);
  void say(std::string message) { message_ = std::move(message); }
  [[nodiscard]] Wish wish() const;
  /// Also settles how many rows there are room for.
  [[nodiscard]] Picture picture(std::size_t width, std::size_t height);

 private:
  enum class Mode { list, filter, subject, help, question };
  /// How one tab is looked at.
  struct Look {
    std::string sort;  // a column's title
    bool descending{false};
    std::string filter{};
    std::size_t chosen{0};
    std::string name{};  // of the chosen row
    std::size_t first{0};
  };
  struct Question {
    std::string text;
    Action yes;
    std::optional<Action> reset{};
  };

  // keys
  [[nodiscard]] Effect on_list(const Key& key);
  [[nodiscard]] Effect on_letter(const std::string& letter);
  [[nodiscard]] Effect on_filter(const Key& key);
  [[nodiscard]] Effect on_subject(const Key& key);
  [[nodiscard]] Effect on_question(const Key& key);
  [[nodiscard]] Effect open(Tab tab);
  [[nodiscard]] Effect look_closely();
  [[nodiscard]] Effect sort_by_next(int step);
  [[nodiscard]] Effect faster(bool is_faster);
  void move(std::ptrdiff_t by);
  void ask_to_kill();
  void ask_to_pause();
  void ask_to_drain();

  // what is shown
  [[nodiscard]] Look& look() { return looks_.at(static_cast<std::size_t>(tab_)); }
  [[nodiscard]] const Look& look() const { return looks_.at(static_cast<std::size_t>(tab_)); }
  [[nodiscard]] std::vector<Column> columns() const;
  [[nodiscard]] std::vector<std::string> sortable() const;
  [[nodiscard]] std::vector<Json> rows() const;
  [[nodiscard]] const Json* chosen_row() const;
  void arrange();
  [[nodiscard]] std::string heading() const;
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::string tabs(std::size_t width) const;
  [[nodiscard]] std::string foot() const;
  void add_table(Picture& picture, std::size_t width, std::size_t room);
  void add_text(Picture& picture, const std::string& text, std::size_t room);
  [[nodiscard]] std::string subject_text(std::size_t width) const;

  View view_;
  std::chrono::milliseconds interval_;
  Snapshot now_;
  std::array<Look, kTabs.size()> looks_;
  std::array<Rates, 3> rates_;  // of listeners, clients and connections
  Rates total_;
  std::vector<Json> shown_;  // the rows of the tab, filtered and in order
  Tab tab_{Tab::listeners};
  Mode mode_{Mode::list};
  std::optional<Subject> subject_;
  std::size_t scrolled_{0};  // of a text
  std::size_t room_{20};     // rows
  bool frozen_{false};
  std::optional<Question> question_;
  std::string message_;
};

}  // namespace tcpctl::ctl::top
