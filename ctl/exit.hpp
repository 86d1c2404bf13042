// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace tcpctl::ctl {

/// The exit status of tcpctl; scripts rest on these numbers.
enum class Exit : int {
  done = 0,
  failed = 1,       // the daemon refused, or what was asked did not work
  usage = 2,        // the command line is wrong; nothing was asked
  unreachable = 3,  // no daemon answers
  not_found = 4,    // no such listener, client, upstream or connection
  not_allowed = 5,  // the role is too weak, the token is missing, or the socket's mode forbids it
};

/// Why a command ends early: its exit status, and the one line for stderr that says what to do.
struct [[nodiscard]] Failure {
  Exit exit;
  std::string line;  // without "tcpctl: " and without a line feed
};

template <class T>
using Answer = tl::expected<T, Failure>;

[[nodiscard]] inline tl::unexpected<Failure> refuse(Exit exit, std::string line) {
  return tl::make_unexpected(Failure{exit, std::move(line)});
}

}  // namespace tcpctl::ctl
