// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// Goes on as `part` of tcpctl, "tcpctl-top", with the same command line; comes back only where that fails.
[[nodiscard]] Exit become(Context& context, const std::string& part);

/// `nouns` where the noun `name` runs `run` with its first verb: what the part itself makes of them.
[[nodiscard]] std::vector<Noun> with_run(std::vector<Noun> nouns, std::string_view name,
                                         decltype(Verb::run) run);

}  // namespace tcpctl::ctl
