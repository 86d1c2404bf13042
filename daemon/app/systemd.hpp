// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// What the daemon tells its service manager; all of it does nothing where there is none.
/// Threads: the main thread. Source: sd_notify(3).
namespace tcpctl::systemd {

void ready();
void reloading();
void stopping();
void status(const std::string& text);

}  // namespace tcpctl::systemd
