// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "stats/events.hpp"

namespace tcpctl::api {

/// `event` as the contract's JSON, in one line. Written without a tree of values: streams carry many of them.
[[nodiscard]] std::string event_json(const EventBatch& batch, const Event& event, std::uint64_t number);

}  // namespace tcpctl::api
