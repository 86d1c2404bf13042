// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/context.hpp"
#include "ctl/trace/traced.hpp"
#include "ctl/trace/wishes.hpp"

namespace tcpctl::ctl::trace {

/// What is shown where nobody may capture: a line on stderr that says how to get the privilege for `program`,
/// and then what the daemon itself knows: the sheet of a connection with its time line, or the events of a
/// listener or a client, followed. The exit status is that of what is shown.
///
/// With -w or -o json, and for what the daemon does not know, nothing takes its place: not_allowed.
[[nodiscard]] Exit fall_back(Context& context, const Wishes& wishes, const std::string& program);

}  // namespace tcpctl::ctl::trace
