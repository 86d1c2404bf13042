// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "ctl/exit.hpp"

namespace tcpctl::ctl {

/// Where the daemon's API is: "unix:/run/tcpctl/api.sock" or "http://127.0.0.1:9810".
struct Host {
  std::string path;  // of the Unix socket; empty for http
  std::string name;  // host name or address, IPv6 without brackets; empty for unix
  int port{0};
  [[nodiscard]] bool is_unix() const { return !path.empty(); }
  /// As the user writes it.
  [[nodiscard]] std::string text() const;
  /// What the header Host carries.
  [[nodiscard]] std::string header() const;
};

inline constexpr std::string_view kDefaultHost = "unix:/run/tcpctl/api.sock";

/// Errors: Exit::usage, saying how a host is written.
[[nodiscard]] Answer<Host> parse_host(std::string_view text);

/// A connected, blocking socket. Tries every address of a name, within `timeout` each.
/// Errors: unreachable, or not_allowed where the socket's mode forbids it.
[[nodiscard]] Answer<Fd> connect_to(const Host& host, std::chrono::milliseconds timeout);

}  // namespace tcpctl::ctl
