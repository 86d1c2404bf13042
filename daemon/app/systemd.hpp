// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/units.hpp"

/// What the daemon tells its service manager, and is given by it; outside systemd nothing happens.
/// Threads: the main thread, but for `feed_watchdog`: any.
/// Source: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5).
namespace tcpctl::systemd {

/// A unit of systemd began this process and hears what it says, so that it may be begun again.
[[nodiscard]] bool is_manager();

void ready();
void reloading();
void stopping();
void status(const std::string& text);
/// The stop that is under way may take so much longer than the unit says.
void extend_timeout(Duration by);

struct PassedFd {
  std::string name;  // FileDescriptorName= of a socket unit, or that it was stored with
  Fd fd;
};
/// The descriptors that came with the start of this process; the second time none.
[[nodiscard]] std::vector<PassedFd> take_passed();

/// Keeps a copy of `fd` beyond the end of this process; all of one name come back, or go, together.
void store(const std::string& name, int fd);
void unstore(const std::string& name);
/// Waits until what was told before has been acted on, for a manager that does not answer no longer than
/// `patience`. False then.
bool await_manager(Duration patience);

/// How often the watchdog wants to be fed; nothing where there is none.
[[nodiscard]] std::optional<Duration> watchdog_interval();
void feed_watchdog();

}  // namespace tcpctl::systemd
