// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.hpp"
#include "ctl/environment.hpp"

/// What may stand next on a command line: for the scripts that bash, zsh and fish read.
namespace tcpctl::ctl {

/// Something that may stand where the cursor is.
struct Candidate {
  std::string text;
  std::string help{};
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Completion {
  std::vector<Candidate> candidates{};
  bool files{false};  // the shell knows better: names of files
};

/// For the last of `words`, which follow "tcpctl"; it may be empty. Names are asked of the daemon that the
/// words or the environment name; where it does not answer within a moment, there are none, and nobody is
/// told.
[[nodiscard]] Completion complete(const std::vector<std::string>& words, const std::vector<Noun>& nouns,
                                  const Environment& environment);

/// A line each: text, tab, help; or ":files". What a shell might take for its own syntax is left out.
[[nodiscard]] std::string completion_text(const Completion& completion);

/// The script for `shell`; "" where there is none for it.
[[nodiscard]] std::string_view completion_script(std::string_view shell);

/// The word that the scripts call tcpctl with: `tcpctl __complete WORD...`. It is no command for people.
inline constexpr std::string_view kCompleteWord = "__complete";

}  // namespace tcpctl::ctl
