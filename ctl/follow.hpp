// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.hpp"

namespace tcpctl::ctl {

/// The options that narrow events by their connection.
[[nodiscard]] std::vector<Option> event_filters();
/// These as a query of the API.
[[nodiscard]] Query event_query(const Arguments& arguments);

/// Says so where the daemon reads on behind `told` and not behind `since`, as it was asked to: that number is
/// of another life of it. 0 is of none, and asks for all there is.
void warn_of_other_life(Context& context, std::string_view since, std::optional<std::uint64_t> told);

/// Prints the events of `query`, behind the number `since` where there is one, as they come: lines for
/// people, CSV, or one JSON object a line. Ends when nobody reads any more; a daemon that goes is waited for.
[[nodiscard]] Exit follow(Context& context, Query query, const std::optional<std::string>& since = {});

}  // namespace tcpctl::ctl
