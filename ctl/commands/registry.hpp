// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl::commands {

/// One line a noun, and a file of that name beside this one that defines `Noun NAME_noun()`. Help, parser and
/// "did you mean" are made from what it answers.
#define TCPCTL_NOUNS(X) \
  X(status)             \
  X(listener)           \
  X(client)             \
  X(upstream)           \
  X(connection)         \
  X(history)            \
  X(events)             \
  X(service)            \
  X(config)             \
  X(log_level)          \
  X(connect)            \
  X(trace)              \
  X(top)                \
  X(doctor)             \
  X(metrics)            \
  X(token)              \
  X(api)                \
  X(completion)         \
  X(version)

#define X(name) [[nodiscard]] Noun name##_noun();
TCPCTL_NOUNS(X)
#undef X

/// `tcpctl` alone: what runs, its state and traffic, and what is wrong with it.
[[nodiscard]] Exit overview(Context& context);

/// `tcpctl --version`: this version, and the daemon's beside it where it answers within a second.
[[nodiscard]] Exit versions(Context& context);

/// Every noun, in the order in which the help shows them.
[[nodiscard]] std::vector<Noun> all();

}  // namespace tcpctl::ctl::commands
