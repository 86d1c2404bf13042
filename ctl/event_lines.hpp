// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctl/table.hpp"

namespace tcpctl::ctl {

[[nodiscard]] std::vector<Column> event_columns();

/// One event in one line with its line feed, in columns of fixed width: the next one is not known yet.
[[nodiscard]] std::string event_line(const Json& event, const View& view);

}  // namespace tcpctl::ctl
