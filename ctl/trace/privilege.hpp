// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tcpctl::ctl::trace {

/// The program has the rights of another user than who runs it: everything it then asks, reads or writes
/// would be done with those.
[[nodiscard]] bool is_set_user_id();

/// Gives up for good whatever is not needed once the capture is open: every capability, and that of getting
/// some by execve(2). Root keeps CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, without which it could not open
/// the files and the socket that it is used to. Threads: the caller's alone; there must be no other yet.
/// Source: capabilities(7), capset(2).
void drop_privileges();

}  // namespace tcpctl::ctl::trace
