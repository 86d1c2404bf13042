// SPDX-License-Identifier: Apache-2.0
#include "ctl/token.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kLongest = 1024;  // the daemon takes none that is longer

std::string to_hex(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

tl::unexpected<Failure> cannot(const std::string& path, int error) {
  return refuse(Exit::failed, fmt::format("{}: {}", safe(path), errno_text(error)));
}

/// What stands before the first line end, or a byte more than a token has.
Answer<std::string> first_line(const std::string& path, int fd) {
  std::string text;
  std::array<char, kLongest + 1> buffer{};
  while (text.size() <= kLongest && text.find('\n') == std::string::npos) {
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot(path, errno);
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

Answer<std::string> make_token() {
  std::array<std::uint8_t, 32> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    return refuse(Exit::failed, fmt::format("the kernel gives no random numbers: {}", errno_text(errno)));
  return fmt::format("tcpctl_{}", to_hex(bytes));
}

std::string sha256_hex(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(digest);
}

bool may_be_token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Answer<std::string> read_token(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return cannot(path, errno);
  // A pipe, as of <(pass show ci), is nobody else's.
  if (S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return refuse(Exit::failed, fmt::format("{}: mode {:04o} lets others at the token; chmod 0600 it",
                                            safe(path), status.st_mode & 07777U));
  }
  auto token = first_line(path, fd.get());
  if (!token) return token;
  if (token->empty() || token->size() > kLongest || !may_be_token(*token)) {
    return refuse(Exit::usage,
                  fmt::format("{}: the first line is no token, which has 1 to {} characters and no blanks",
                              safe(path), kLongest));
  }
  return token;
}

Answer<void> write_token(const std::string& path, std::string_view token) {
  const Fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd && errno == EEXIST) {
    return refuse(Exit::failed,
                  fmt::format("{}: is there already; remove it, or write to another file", safe(path)));
  }
  if (!fd) return cannot(path, errno);
  const auto line = fmt::format("{}\n", token);
  errno = EIO;  // a short write sets none
  const bool is_written = ::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                          ::fsync(fd.get()) == 0;
  if (is_written) return {};
  const int error = errno;
  ::unlink(path.c_str());
  return cannot(path, error);
}

}  // namespace tcpctl::ctl
