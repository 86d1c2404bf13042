// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// Has the client `name` probe now, and prints each step as it is done; at a terminal with a line below them
/// that tells what is under way. -o json and csv print the answer alone.
/// Answers done where the probe was good, failed where it was not, or why it did not run.
[[nodiscard]] Exit run_probe(Context& context, const std::string& name);

}  // namespace tcpctl::ctl
