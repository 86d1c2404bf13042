// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/command.hpp"
#include "ctl/exit.hpp"

namespace tcpctl::ctl {

/// A command line, understood. `noun` and `verb` point into the nouns it was parsed with; both null: the
/// overview.
struct CommandLine {
  const Noun* noun{nullptr};
  const Verb* verb{nullptr};
  Arguments arguments;
  std::optional<std::string> host, token_file, format;
  bool no_color{false}, utc{false}, help{false}, version{false};
};

/// Understands `arguments` (without the program's name).
/// Errors: Exit::usage, with the nearest known word where one was misspelt.
[[nodiscard]] Answer<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                                     const std::vector<Noun>& nouns);

}  // namespace tcpctl::ctl
