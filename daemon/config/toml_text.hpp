// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/node.hpp"

namespace tcpctl::config {

/// `table` as TOML text that `parse_toml` makes the same tree of: keys in alphabetical order, tables with
/// heads of their own ("[listeners.web]"), lists in brackets.
///
/// `table` is one that a check let pass, or a part of it: without nulls, which TOML has not, and with keys
/// that are names or roles.
[[nodiscard]] std::string to_toml(const Node& table);

}  // namespace tcpctl::config
