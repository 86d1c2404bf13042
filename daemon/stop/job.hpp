// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

/// Why the service manager stops the daemon: what `tcpctld-stop`, the unit's ExecStop=, finds out.
/// Threads: the only one of that program. Source: org.freedesktop.systemd1(5).
namespace tcpctl::stop {

/// The process in `text`, which systemd leaves empty where the daemon has ended already.
[[nodiscard]] std::optional<pid_t> parse_pid(std::string_view text);

/// Whether a daemon that is stopped by a job of this type does not come back, so that its connections are to
/// be drained: a stop, or a shutdown of the host, which is the same. A restart has other types.
[[nodiscard]] bool is_to_drain(std::string_view job_type);

/// The type of the job of the unit that `daemon` is the process of. Nothing where it has none (it ended by
/// itself), or where no system bus answers; waits for one as long as it takes.
[[nodiscard]] std::optional<std::string> job_type_of(pid_t daemon);

}  // namespace tcpctl::stop
