// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/command.hpp"
#include "ctl/environment.hpp"
#include "ctl/exit.hpp"

namespace tcpctl::ctl {

/// One run of tcpctl with `arguments` (without the program's name): reads them as `nouns` has it, asks the
/// daemon, prints.
/// Threads: one; blocks until the daemon answered or its time is up.
[[nodiscard]] Exit run(const std::vector<std::string>& arguments, Environment& environment,
                       const std::vector<Noun>& nouns);

}  // namespace tcpctl::ctl
