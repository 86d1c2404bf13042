// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// All facts of one listener, in groups: its state, addresses, connections and how they ended.
[[nodiscard]] std::string listener_sheet(const Json& listener, const View& view);

}  // namespace tcpctl::ctl
