// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tcpctl::ctl::top {

/// Does terminfo know the terminal `kind`? newterm(3) would tell it, too, but loses memory where it does not.
[[nodiscard]] bool is_known_terminal(const std::string& kind);

}  // namespace tcpctl::ctl::top
