// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "api/metric_families.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl::api {

/// The families of clients, of either mode.
void add_clients(const std::vector<ClientRow>& clients, Families& families);

}  // namespace tcpctl::api
