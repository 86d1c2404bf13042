// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The options that narrow connections and the history, and what they mean as a query of the API.
[[nodiscard]] std::vector<Option> connection_filters();
[[nodiscard]] std::vector<Option> history_filters();
/// --sort and --limit, for lists.
[[nodiscard]] std::vector<Option> paging_options();

/// Errors: usage, for a value that no daemon could take.
[[nodiscard]] Answer<Query> filter_query(const Arguments& arguments);
/// --limit; kAllRows where it is not given.
[[nodiscard]] Answer<std::uint64_t> row_limit(const Arguments& arguments);

}  // namespace tcpctl::ctl
