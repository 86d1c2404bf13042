// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The options that narrow events by their connection.
[[nodiscard]] std::vector<Option> event_filters();
/// These as a query of the API.
[[nodiscard]] Query event_query(const Arguments& arguments);

/// Prints the events of `query` as they come: lines for people, CSV, or one JSON object a line. Ends when
/// nobody reads any more; a daemon that goes is waited for.
[[nodiscard]] Exit follow(Context& context, const Query& query);

}  // namespace tcpctl::ctl
