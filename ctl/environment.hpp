// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tcpctl::ctl {

/// Where output goes: stdout and stderr, or a string in tests.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  /// False once nobody reads any more or the target is full; then the command may stop producing.
  virtual bool write(std::string_view text) = 0;
  /// What to watch for the reader's leaving; -1 where there is nothing to watch.
  [[nodiscard]] virtual int descriptor() const { return -1; }
};

struct TerminalSize {
  std::size_t columns, lines;
};

/// What a run of tcpctl sees of its process; tests bring their own.
struct Environment {
  Sink& out;
  Sink& err;
  /// Stdin to its end, at most `limit` bytes: Errc::limit_reached beyond.
  std::function<Result<std::string>(std::size_t limit)> read_stdin;
  std::map<std::string, std::string, std::less<>> variables;
  bool terminal{false};                       // stdout is one
  std::optional<std::size_t> terminal_width;  // when it began
  int input{-1};               // stdin itself, for who reads it as it comes; -1 = there is none
  bool input_terminal{false};  // stdin is one
  int signal{0};               // a signal that the command took to end by; the process ends by it too
  std::function<std::optional<TerminalSize>()> terminal_size{};  // now
  /// Goes on as the part of tcpctl of that name, with the same words; answers only the errno why it cannot.
  std::function<int(const std::string& part)> become{};

  /// The variable `name`, if it is set and not empty.
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }
};

}  // namespace tcpctl::ctl
