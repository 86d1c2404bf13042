// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ctl/context.hpp"

namespace tcpctl::ctl {

/// What came of a command that names several objects.
struct Each {
  Exit exit;     // of the first that failed
  Json answers;  // where one was named, the answer to it, null if it failed; else {"items": [...]}
};

/// Does `act` with each of `names`. One that fails is told and does not keep the others, unless the daemon
/// cannot be reached. Prints `line` of each answer at once, but no JSON, which has to be one document: that
/// is for the caller.
[[nodiscard]] Each with_each(
    Context& context, const std::vector<std::string>& names,
    const std::function<Answer<Json>(const std::string& name)>& act,
    const std::function<std::string(const std::string& name, const Json& answer)>& line);

}  // namespace tcpctl::ctl
