// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The options that narrow connections and the history, and what they mean as a query of the API.
[[nodiscard]] std::vector<Option> connection_filters();
[[nodiscard]] std::vector<Option> history_filters();
/// The words that may stand for them: `state ESTABLISHED 'rtt>50ms'`.
[[nodiscard]] Positional filter_positional();

/// Of options and words together. Errors: usage, for a value that no daemon could take, and for what is there
/// twice.
[[nodiscard]] Answer<Query> filter_query(const Arguments& arguments);
/// What the daemon can sort by, of what --sort asks for; nothing where it is another column.
[[nodiscard]] std::optional<std::string> order_of_daemon(const std::string& sort);
/// --limit; kAllRows where it is not given.
[[nodiscard]] Answer<std::uint64_t> row_limit(const Arguments& arguments);

}  // namespace tcpctl::ctl
