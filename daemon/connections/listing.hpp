// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/error.hpp"
#include "connections/worker.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// Does an open connection match what `query` filters by, its state excepted?
[[nodiscard]] bool matches(const Facts& facts, const ConnectionQuery& query, Instant now);

/// One worker's part of a page: its first `limit` rows behind the cursor, in the order asked for, and how
/// many match at all. `held` tells of the history's rows what the kernel still holds. A page of all workers
/// is made of theirs by `merge`. Errors: invalid_argument for a cursor that is none. Threads: the worker's
/// loop.
[[nodiscard]] Result<ConnectionPage> open_page(const Worker& worker, const ConnectionQuery& query);
[[nodiscard]] Result<ConnectionPage> history_page(const Worker& worker, const ConnectionQuery& query,
                                                  const tcp::ClosingSockets& held = {});
/// Threads: any.
[[nodiscard]] ConnectionPage merge(std::vector<ConnectionPage> pages, const ConnectionQuery& query);

}  // namespace tcpctl
