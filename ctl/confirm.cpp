// SPDX-License-Identifier: Apache-2.0
#include "ctl/confirm.hpp"

#include <cctype>
#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kLongestAnswer = 64;

/// One line, byte by byte, so that what stands behind it stays for who reads next. What comes instead of an
/// answer, an end or an error, is none.
std::string read_line(int fd) {
  std::string line;
  char byte = 0;
  while (line.size() < kLongestAnswer) {
    const auto count = ::read(fd, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || byte == '\n') break;
    line += byte;
  }
  return line;
}

bool is_yes(std::string line) {
  for (auto& c : line) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return line == "y" || line == "yes";
}

}  // namespace

Answer<void> confirm(Context& context, const std::string& what, const std::string& question) {
  auto& around = context.environment();
  if (!around.input_terminal)
    return refuse(Exit::usage, fmt::format("{}; write --yes to say that you mean it", safe(what)));
  around.err.write(fmt::format("{}; {}? [y/N] ", safe(what), safe(question)));
  if (is_yes(read_line(around.input))) return {};
  return refuse(Exit::failed, "nothing was done");
}

}  // namespace tcpctl::ctl
