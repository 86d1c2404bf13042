// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <netinet/in.h>

#include "base/fd.hpp"
#include "reactor.hpp"

namespace tcpctl::bench {

/// What to do with an accepted, non-blocking socket: build a handler that `reactor` owns.
using OnAccept = std::function<void(Reactor& reactor, Fd accepted)>;

/// Serves on `threads` threads, each with its own listener and reactor, until stdin ends; so a peer never
/// outlives the script that started it. Says "ready" on stdout when all listeners stand. Never returns.
[[noreturn]] void serve(const sockaddr_in& listen, unsigned threads,
                        const std::function<OnAccept()>& make_on_accept);

}  // namespace tcpctl::bench
