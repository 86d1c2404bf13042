// SPDX-License-Identifier: Apache-2.0
#include "ctl/process.hpp"

#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/standard_fds.hpp"
#include "ctl/run.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): only glibc with _GNU_SOURCE declares it

namespace tcpctl::ctl {
namespace {

class Descriptor final : public Sink {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  bool write(std::string_view text) override {
    while (!text.empty() && error_ == 0) {
      const auto written = ::write(fd_, text.data(), text.size());
      if (written >= 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    return error_ == 0;
  }
  [[nodiscard]] int descriptor() const override { return fd_; }
  /// The errno of the write that failed; a reader that went away is none.
  [[nodiscard]] int error() const { return error_ == EPIPE ? 0 : error_; }

 private:
  int fd_;
  int error_{0};
};

Result<std::string> read_stdin(std::size_t limit) {
  std::string all;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count == 0) return all;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Errc::io, "standard input: " + errno_text(errno));
    all.append(buffer.data(), static_cast<std::size_t>(count));
    if (all.size() > limit) {
      return fail(Errc::limit_reached, "standard input: more than " + std::to_string(limit) + " bytes");
    }
  }
}

std::map<std::string, std::string, std::less<>> variables() {
  std::map<std::string, std::string, std::less<>> all;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view pair{*each};
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) all.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return all;
}

std::optional<TerminalSize> terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return std::nullopt;
  return TerminalSize{size.ws_col, size.ws_row};
}

std::optional<std::size_t> width_of(const std::optional<TerminalSize>& size) {
  return size ? std::optional{size->columns} : std::nullopt;
}

/// A part is beside the program where both were built, else where it was installed.
std::filesystem::path place_of(const std::string& part) {
  std::error_code none;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto beside = own.parent_path() / part;
  return !none && ::access(beside.c_str(), X_OK) == 0 ? beside
                                                      : std::filesystem::path{TCPCTL_LIBEXECDIR} / part;
}

/// The errno why `part` cannot be run in the place of this program.
int become(const std::string& part, char** argv) {
  ::execv(place_of(part).c_str(), argv);
  return errno;
}

}  // namespace

int main_of(int argc, char** argv, const std::vector<Noun>& nouns) {
  open_standard_fds();
  std::signal(SIGPIPE, SIG_IGN);  // `tcpctl conn | head` ends quietly by the failed write
  Descriptor out{STDOUT_FILENO};
  Descriptor err{STDERR_FILENO};
  Environment environment{.out = out,
                          .err = err,
                          .read_stdin = read_stdin,
                          .variables = variables(),
                          .terminal = ::isatty(STDOUT_FILENO) == 1,
                          .terminal_width = width_of(terminal_size()),
                          .input = STDIN_FILENO,
                          .input_terminal = ::isatty(STDIN_FILENO) == 1,
                          .terminal_size = terminal_size,
                          .become = [argv](const std::string& part) { return ctl::become(part, argv); }};
  auto exit = Exit::failed;
  try {
    exit = run({argv + std::min(argc, 1), argv + argc}, environment, nouns);
  } catch (const std::exception& error) {  // out of memory, or a library's; never an expected failure
    err.write(std::string{"tcpctl: "} + error.what() + "\n");
  }
  if (out.error() != 0) {
    err.write("tcpctl: cannot write the output: " + errno_text(out.error()) + "\n");
    exit = Exit::failed;
  }
  if (environment.signal != 0) {  // so that a shell's loop ends as well
    std::signal(environment.signal, SIG_DFL);
    std::raise(environment.signal);
  }
  return static_cast<int>(exit);
}

}  // namespace tcpctl::ctl
