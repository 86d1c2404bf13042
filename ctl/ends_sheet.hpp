// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/json.hpp"
#include "ctl/sheet.hpp"

namespace tcpctl::ctl {

/// How the connections of a listener or client ended, how long they were open, and their round trip times:
/// facts for the group at hand; none where no connection has ended.
void add_ends(Sheet& sheet, const Json& ends);

}  // namespace tcpctl::ctl
