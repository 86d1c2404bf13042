// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"

namespace tcpctl::ctl::top {

/// `tcpctl top`, until q or a signal. Errors: usage, where there is no terminal for it.
[[nodiscard]] Exit run(Context& context, const Arguments& arguments);

}  // namespace tcpctl::ctl::top
