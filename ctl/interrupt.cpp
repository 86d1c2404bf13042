// SPDX-License-Identifier: Apache-2.0
#include "ctl/interrupt.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace tcpctl::ctl {
namespace {

// What a handler may touch, on whichever thread it runs.
std::atomic<int> came{0};
std::atomic<int> told_at{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
  const int error = errno;
  if (came != 0) {  // once more: nobody answers the first
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  came = number;
  const std::uint64_t one = 1;
  (void)!::write(told_at, &one, sizeof one);
  errno = error;
}

}  // namespace

Interrupt::Interrupt() : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  came = 0;
  told_at = event_.get();
  struct sigaction wanted{};
  wanted.sa_handler = on_signal;
  for (std::size_t at = 0; at < kSignals.size(); ++at) {
    ::sigaction(kSignals[at], nullptr, &before_[at]);
    if (before_[at].sa_handler != SIG_IGN) ::sigaction(kSignals[at], &wanted, nullptr);
  }
}

Interrupt::~Interrupt() {
  for (std::size_t at = 0; at < kSignals.size(); ++at) ::sigaction(kSignals[at], &before_[at], nullptr);
  told_at = -1;
}

int Interrupt::signal() const { return came; }

}  // namespace tcpctl::ctl
