// SPDX-License-Identifier: Apache-2.0
// By itself: <term.h> takes words such as "lines" and "columns" for its own.
#include "ctl/top/terminal_kind.hpp"

#include <curses.h>
#include <term.h>
#include <unistd.h>

namespace tcpctl::ctl::top {

bool is_known_terminal(const std::string& kind) {
  int error = 0;
  if (::setupterm(kind.c_str(), STDOUT_FILENO, &error) != OK) return false;
  ::del_curterm(::cur_term);
  return true;
}

}  // namespace tcpctl::ctl::top
