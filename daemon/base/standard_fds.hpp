// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tcpctl {

/// Opens /dev/null in place of standard input, output and error that are closed: else the next file or socket
/// would get their numbers, and what is written there would go into it. Call it first of all.
/// Source: POSIX, exec. Threads: before there are any.
void open_standard_fds();

}  // namespace tcpctl
