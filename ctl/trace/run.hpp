// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"

namespace tcpctl::ctl::trace {

/// `tcpctl trace` within the program that has libpcap, and may have the privilege.
[[nodiscard]] Exit run(Context& context, const Arguments& arguments);

}  // namespace tcpctl::ctl::trace
