// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// All facts of one client, in groups: its state, each of its connections, how available it was and how long
/// it took to connect, its heartbeat, its probes. What an older daemon does not tell is left out.
[[nodiscard]] std::string client_sheet(const Json& client, const View& view);

}  // namespace tcpctl::ctl
