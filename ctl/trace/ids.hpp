// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/context.hpp"
#include "ctl/trace/flows.hpp"

namespace tcpctl::ctl::trace {

/// Finds out which of the daemon's connections one of the trace is. Threads: one; blocks for half a second at
/// most, while the kernel collects packets.
class Ids {
 public:
  /// A daemon that does not answer is asked no more.
  explicit Ids(const Context& context) : context_{context} {}

  /// Asks, if it is time to: the daemon hears of a connection later than its first packets pass. True where
  /// it is known from now on.
  bool learn(Connection& connection);

 private:
  [[nodiscard]] std::optional<Json> row_of(const Connection& connection, const std::string& path,
                                           const Address& peer);

  const Context& context_;
  bool is_down_{false};
};

}  // namespace tcpctl::ctl::trace
