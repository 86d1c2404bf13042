// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "ctl/listing.hpp"

namespace tcpctl::ctl {

/// Prints what `rows` answers every `listing.every`, until interrupted or nobody reads any more.
///
/// On a terminal each picture takes the place of the one before, as much of it as there are lines, and a cell
/// that changed since then has a '*' behind it, a new row a '+' in front. Else one follows the other with an
/// empty line between; as JSON each is one line. A daemon that goes is waited for, with the last picture left
/// as it is; the first time it must be there. Threads: one; a signal ends it, and the process by it.
[[nodiscard]] Exit watch_rows(Context& context, const std::vector<Column>& columns, const Listing& listing,
                              const std::function<Answer<std::vector<Json>>()>& rows);

}  // namespace tcpctl::ctl
