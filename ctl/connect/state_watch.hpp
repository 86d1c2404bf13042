// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

namespace tcpctl::ctl {

/// A descriptor that poll(2) calls readable whenever TCP has changed something about `socket`: the ACK of a
/// FIN, which by itself makes a socket neither readable nor writable. -1 where descriptors are short; then
/// nothing is told. Source: epoll(7), EPOLLET.
[[nodiscard]] Fd watch_states(int socket);
/// Until the next change.
void clear_watch(int watch);

}  // namespace tcpctl::ctl
