// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/sheet.hpp"

namespace tcpctl::ctl {

/// Adds the time line of `connection` as a group, an entry a line: "13:47:41.000123Z  +0.001204 s
/// first_byte_in" with the time since the entry before; "inferred" where nobody saw it. Nothing if it has
/// none.
void add_time_line(Sheet& sheet, const Json& connection, const View& view);

}  // namespace tcpctl::ctl
