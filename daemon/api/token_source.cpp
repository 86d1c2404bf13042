// SPDX-License-Identifier: Apache-2.0
#include "api/token_source.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/fd.hpp"

namespace tcpctl::api {
namespace {

constexpr std::size_t kShortest = 16;
constexpr std::size_t kLongest = 1024;

Result<std::string> first_line(const std::string& path, bool check_mode) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return fail(Errc::io, fmt::format("{}: {}", path, errno_text(errno)));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(Errc::io, fmt::format("{}: {}", path, errno_text(errno)));
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_argument, path + ": not a regular file");
  if (check_mode && (status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return fail(Errc::denied, fmt::format("{}: mode {:04o} lets others at the token; chmod 0600 it", path,
                                          status.st_mode & 07777U));
  }
  std::array<char, kLongest + 2> buffer{};
  const auto got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return fail(Errc::io, fmt::format("{}: {}", path, errno_text(errno)));
  const std::string_view text{buffer.data(), static_cast<std::size_t>(got)};
  const auto line = text.substr(0, text.find_first_of("\r\n"));
  if (line.size() < kShortest || line.size() > kLongest) {
    return fail(Errc::invalid_argument,
                fmt::format("{}: the first line is the token and has {} to {} characters", path, kShortest,
                            kLongest));
  }
  return std::string{line};
}

Result<std::string> credential(const std::string& name) {
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    return fail(Errc::invalid_argument, fmt::format("'{}' is not the name of a credential", name));
  }
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return fail(Errc::io,
                fmt::format("no credentials were passed; add LoadCredential={}:PATH to the unit", name));
  }
  return first_line(fmt::format("{}/{}", folder, name), false);
}

}  // namespace

Result<Sha256> token_digest(const AccessOptions::Token& token) {
  if (!token.sha256.empty()) {
    const auto digest = parse_sha256(token.sha256);
    if (!digest) return fail(Errc::invalid_argument, "sha256 is not 64 hex digits");
    return *digest;
  }
  if (token.file.empty() && token.credential.empty()) {
    return fail(Errc::invalid_argument, "one of sha256, file and credential is needed");
  }
  return (token.file.empty() ? credential(token.credential) : first_line(token.file, true)).map(sha256);
}

}  // namespace tcpctl::api
