// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/context.hpp"
#include "ctl/trace/scope.hpp"

namespace tcpctl::ctl::trace {

/// What TARGET stands for.
struct Traced {
  enum class Kind { connection, object, address, file };
  Kind kind{Kind::file};
  std::string text{};  // as it was written
  Scope scope{};
  std::vector<std::string> lifelines{};       // from left to right
  std::vector<std::string> addresses{};       // of a connection's ends, below them
  bool is_listener{false}, is_client{false};  // of an object
  std::optional<Json> connection{}, peer{};   // as the daemon shows it, and the other leg of its session
  bool has_daemon{true};                      // that could be asked

  /// One connection, or the two legs of a session.
  [[nodiscard]] bool is_single() const { return !addresses.empty(); }
};

/// Asks the daemon what `text` is: HOST:PORT needs none, and is looked up by the system's resolver.
/// Errors: not_found; failed for what is no TCP, or has ended; whatever keeps the daemon from answering.
[[nodiscard]] Answer<Traced> find_traced(const Context& context, const std::string& text);

}  // namespace tcpctl::ctl::trace
