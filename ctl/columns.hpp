// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ctl/table.hpp"

/// The tables that more than one command prints.
namespace tcpctl::ctl {

[[nodiscard]] std::vector<Column> listener_columns();
[[nodiscard]] std::vector<Column> client_columns();
[[nodiscard]] std::vector<Column> connection_columns();
[[nodiscard]] std::vector<Column> history_columns();

}  // namespace tcpctl::ctl
