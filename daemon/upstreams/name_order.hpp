// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <random>
#include <vector>

#include "upstreams/name_watch.hpp"

namespace tcpctl {

/// The places of those entries that have an address, in the order in which one connection tries them: by
/// priority, and within a priority drawn by weight. Source: RFC 2782, "Usage rules".
[[nodiscard]] std::vector<std::size_t> attempt_order(const std::vector<NameEntry>& entries,
                                                     std::minstd_rand& random);

}  // namespace tcpctl
