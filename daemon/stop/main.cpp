// SPDX-License-Identifier: Apache-2.0
// usage: tcpctld-stop [PID]      the unit's ExecStop=, with $MAINPID
//
// SIGTERM does not tell a stop from a restart, and the daemon acts on it as at a restart. Where the unit's
// job is a stop, this says so beforehand, with SIGUSR2, and the daemon drains. It never fails and never waits
// long: a stop must go on.
#include <csignal>

#include <unistd.h>

#include "stop/job.hpp"

namespace {

constexpr unsigned kMostSeconds = 2;

}  // namespace

int main(int argc, char** argv) {
  const auto daemon = tcpctl::stop::parse_pid(argc == 2 ? argv[1] : "");
  if (!daemon) return 0;
  std::signal(SIGALRM, [](int) { ::_exit(0); });
  ::alarm(kMostSeconds);
  const auto type = tcpctl::stop::job_type_of(*daemon);
  if (type && tcpctl::stop::is_to_drain(*type)) ::kill(*daemon, SIGUSR2);
  return 0;
}
