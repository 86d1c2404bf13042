// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>

#include "base/fd.hpp"

namespace tcpctl::ctl {

/// While it lives, SIGINT, SIGTERM and SIGHUP do not end the process but make `fd` readable for good; one
/// that was ignored before stays so. System calls that block are broken off. Threads: one at a time in the
/// process, and its owner's.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  [[nodiscard]] int fd() const { return event_.get(); }
  /// The one that came first; 0 = none did.
  [[nodiscard]] int signal() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  Fd event_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace tcpctl::ctl
