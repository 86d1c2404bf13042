// SPDX-License-Identifier: Apache-2.0
#include "ctl/input.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {

std::string input_name(const std::string& path) { return path == "-" ? "<stdin>" : path; }

Answer<std::string> read_input(Context& context, const std::string& path, std::size_t limit) {
  if (path == "-") {
    auto text = context.environment().read_stdin(limit);
    if (!text) return refuse(Exit::failed, safe(text.error().what));
    return *text;
  }
  std::error_code ignored;  // what cannot be told fails below, with errno
  if (std::filesystem::is_directory(path, ignored))
    return refuse(Exit::failed, safe(path) + ": is a directory");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) return refuse(Exit::failed, safe(path) + ": " + errno_text(errno));
  std::string text(limit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > limit)
    return refuse(Exit::failed, safe(path) + ": larger than " + std::to_string(limit) + " bytes");
  return text;
}

}  // namespace tcpctl::ctl
