// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "app/crew_threads.hpp"
#include "connections/drain.hpp"

namespace tcpctl {

/// Asked on the workers' loops. Holds values, no pointers.
using ConnectionMatch = std::function<bool(const Connection&)>;

/// How a drain on the main thread closes those that match, on all workers. `crew` must outlive it.
[[nodiscard]] std::function<void(double share, Instant by)> closing(CrewThreads& crew, ConnectionMatch match);

/// The sessions of the listener `name`; checks of its upstreams are none, and would count as failed.
[[nodiscard]] ConnectionMatch sessions_of(const std::string& name);

}  // namespace tcpctl
