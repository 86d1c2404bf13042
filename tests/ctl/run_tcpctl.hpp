// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "ctl/commands/registry.hpp"
#include "ctl/run.hpp"

namespace tcpctl::ctl {

inline std::ostream& operator<<(std::ostream& out, Exit exit) { return out << static_cast<int>(exit); }

}  // namespace tcpctl::ctl

namespace tcpctl::ctl::test {

class Text final : public Sink {
 public:
  bool write(std::string_view text) override {
    if (text_.size() >= closes_after_) return false;
    text_ += text;
    return true;
  }
  void close_after(std::size_t size) { closes_after_ = size; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t closes_after_{SIZE_MAX};
};

/// What a run of tcpctl came to.
struct Ran {
  Exit exit;
  std::string out, err;
};

/// The surroundings of a run: by default a pipe, no variables, nothing on stdin.
struct Around {
  std::map<std::string, std::string, std::less<>> variables{};
  bool terminal{false};
  std::optional<std::size_t> terminal_width{};
  std::string stdin_text{};
  std::size_t reader_leaves_after{SIZE_MAX};
  std::optional<std::string> typed{};  // at a terminal, which stdin is then
};

/// A pipe that holds `text`.
class Typed {
 public:
  explicit Typed(const std::string& text) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_ = Fd{ends[0]};
    const Fd write{ends[1]};
    (void)!::write(write.get(), text.data(), text.size());
  }
  [[nodiscard]] int fd() const { return read_.get(); }

 private:
  Fd read_;
};

inline Ran tcpctl(const std::vector<std::string>& arguments, const Around& around = {}) {
  Text out;
  Text err;
  out.close_after(around.reader_leaves_after);
  const auto read_stdin = [&](std::size_t limit) -> Result<std::string> {
    if (around.stdin_text.size() > limit) return fail(Errc::limit_reached, "standard input: too much");
    return around.stdin_text;
  };
  Environment environment{out, err, read_stdin, around.variables, around.terminal, around.terminal_width};
  const Typed typed{around.typed.value_or("")};
  if (around.typed) {
    environment.input = typed.fd();
    environment.input_terminal = true;
  }
  const auto exit = run(arguments, environment, commands::all());
  return {exit, out.text(), err.text()};
}

}  // namespace tcpctl::ctl::test
