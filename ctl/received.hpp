// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// Prints what the client `name` received, from the byte `from` on or what is kept, as the bytes are; a
/// terminal gets them without anything that steers it. What was overwritten meanwhile is told on stderr.
/// With `take` the daemon is told of what was printed, so that it makes room where a peer waits for that.
[[nodiscard]] Exit print_received(Context& context, const std::string& name,
                                  std::optional<std::uint64_t> from, bool take);

/// The same with `take`, and goes on until interrupted (then done), until nobody reads, or until the daemon
/// is gone (then unreachable). -o json prints an answer of the API a line.
[[nodiscard]] Exit follow_received(Context& context, const std::string& name,
                                   std::optional<std::uint64_t> from);

}  // namespace tcpctl::ctl
