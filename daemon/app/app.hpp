// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tcpctl {

/// `tcpctld`: reads the command line and the configuration, starts in order, runs until it is told to stop.
/// Answers the exit status: 0 done, 1 failed (with what was wrong on stderr), 2 a mistake of the command
/// line.
int run_daemon(int argc, char** argv);

}  // namespace tcpctl
