// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

/// All facts of one connection, open or closed, in groups, and its time line as a list.
[[nodiscard]] std::string connection_sheet(const Json& connection, const View& view);

}  // namespace tcpctl::ctl
