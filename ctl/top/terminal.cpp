// SPDX-License-Identifier: Apache-2.0
#include "ctl/top/terminal.hpp"

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#define NCURSES_NOMACROS  // "move" is not theirs alone
#include <curses.h>
#include <fmt/format.h>

#include "ctl/terminal.hpp"
#include "ctl/top/terminal_kind.hpp"

namespace tcpctl::ctl::top {
namespace {

enum Pair : short { kGood = 1, kWarn, kBad };

void begin_colors() {
  if (::has_colors() == FALSE || ::start_color() != OK) return;
  const short back = ::use_default_colors() == OK ? -1 : COLOR_BLACK;
  ::init_pair(kGood, COLOR_GREEN, back);
  ::init_pair(kWarn, COLOR_YELLOW, back);
  ::init_pair(kBad, COLOR_RED, back);
}

/// What one of the sequences of `toned` stands for; `code` is the number in it.
attr_t attributes_of(std::string_view code) {
  if (code == "1") return A_BOLD;
  if (code == "2") return A_DIM;
  if (code == "31") return static_cast<attr_t>(COLOR_PAIR(kBad));
  if (code == "32") return static_cast<attr_t>(COLOR_PAIR(kGood));
  if (code == "33") return static_cast<attr_t>(COLOR_PAIR(kWarn));
  return A_NORMAL;
}

/// One line, as much of it as there are columns. Only `toned` puts an ESC into it.
void draw_line(int row, std::string_view text, std::size_t width, bool chosen) {
  const auto base = chosen ? A_REVERSE : A_NORMAL;
  ::attrset(static_cast<int>(base));
  ::move(row, 0);
  ::clrtoeol();
  std::size_t used = 0;
  while (!text.empty() && used < width) {
    if (text.starts_with("\x1b[")) {
      const auto end = text.find('m');
      if (end == std::string_view::npos) break;
      ::attrset(static_cast<int>(base | attributes_of(text.substr(2, end - 2))));
      text.remove_prefix(end + 1);
      continue;
    }
    const auto part = text.substr(0, text.find('\x1b'));
    const auto shown = shorten(part, width - used);
    ::addnstr(shown.data(), static_cast<int>(shown.size()));
    used += display_width(shown);
    text.remove_prefix(part.size());
  }
  ::attrset(static_cast<int>(base));
  if (chosen) {
    for (; used < width; ++used) ::addch(' ');
  }
}

std::optional<Key> special(int code) {
  using Kind = Key::Kind;
  switch (code) {
    case KEY_UP:
      return Key{Kind::up};
    case KEY_DOWN:
      return Key{Kind::down};
    case KEY_LEFT:
      return Key{Kind::left};
    case KEY_RIGHT:
      return Key{Kind::right};
    case KEY_PPAGE:
      return Key{Kind::page_up};
    case KEY_NPAGE:
      return Key{Kind::page_down};
    case KEY_HOME:
      return Key{Kind::home};
    case KEY_END:
      return Key{Kind::end};
    case KEY_ENTER:
      return Key{Kind::enter};
    case KEY_BACKSPACE:
      return Key{Kind::erase};
    case KEY_DC:
      return Key{Kind::remove};
    case KEY_BTAB:
      return Key{Kind::back_tab};
    default:
      break;
  }
  if (code >= KEY_F(1) && code <= KEY_F(4))
    return Key{Kind::text, std::string(1, static_cast<char>('1' + code - KEY_F(1)))};
  return std::nullopt;
}

std::optional<Key> control(wint_t character) {
  using Kind = Key::Kind;
  switch (character) {
    case '\r':
    case '\n':
      return Key{Kind::enter};
    case '\t':
      return Key{Kind::tab};
    case 27:
      return Key{Kind::escape};
    case 8:
    case 127:
      return Key{Kind::erase};
    default:
      return std::nullopt;
  }
}

std::string utf8(wint_t character) {
  const auto code = static_cast<std::uint32_t>(character);
  std::string out;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    out += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
  return out;
}

}  // namespace

Answer<Terminal> Terminal::open(const Environment& environment) {
  if (!environment.terminal || !environment.input_terminal)
    return refuse(Exit::usage,
                  "top needs a terminal; for programs there is 'tcpctl -o json', and --watch of the lists");
  std::setlocale(LC_CTYPE, "");
  const auto kind = environment.variable("TERM").value_or("");
  if (!is_known_terminal(kind) || ::newterm(kind.c_str(), stdout, stdin) == nullptr)
    return refuse(
        Exit::usage,
        fmt::format("the terminal '{}' is not known; set TERM, or install ncurses-term", safe(kind)));
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  ::curs_set(0);
  begin_colors();
  return Terminal{};
}

Terminal::~Terminal() {
  if (is_open_) ::endwin();
}

std::size_t Terminal::columns() const { return static_cast<std::size_t>(COLS); }
std::size_t Terminal::lines() const { return static_cast<std::size_t>(LINES); }

std::optional<Key> Terminal::key(bool& resized) {
  while (true) {
    wint_t character = 0;
    const int kind = ::get_wch(&character);
    if (kind == ERR) return std::nullopt;
    if (kind == KEY_CODE_YES && static_cast<int>(character) == KEY_RESIZE) {
      resized = true;
      continue;
    }
    if (kind == KEY_CODE_YES) {
      if (auto key = special(static_cast<int>(character))) return key;
      continue;
    }
    if (auto key = control(character)) return key;
    if (character >= ' ') return Key{Key::Kind::text, utf8(character)};
  }
}

void Terminal::show(const Picture& picture) {
  const auto width = columns();
  const auto height = std::min(lines(), picture.lines.size());
  for (std::size_t at = 0; at < height; ++at)
    draw_line(static_cast<int>(at), picture.lines[at], width, picture.chosen == at);
  ::move(static_cast<int>(height), 0);
  if (height < lines()) ::clrtobot();
  ::refresh();
}

}  // namespace tcpctl::ctl::top
