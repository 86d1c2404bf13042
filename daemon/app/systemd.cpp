// SPDX-License-Identifier: Apache-2.0
#include "app/systemd.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

namespace tcpctl::systemd {
namespace {

void notify(const std::string& state) { ::sd_notify(0, state.c_str()); }

std::uint64_t microseconds(Duration time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

bool is_manager() {
  // Others know NOTIFY_SOCKET, too, and begin nothing again.
  return std::getenv("NOTIFY_SOCKET") != nullptr && std::getenv("INVOCATION_ID") != nullptr;
}

void ready() { notify("READY=1"); }

void reloading() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
                                                           static_cast<std::uint64_t>(time.tv_nsec) / 1000));
}

void stopping() { notify("STOPPING=1"); }

void status(const std::string& text) { notify("STATUS=" + text); }

void extend_timeout(Duration by) { notify(fmt::format("EXTEND_TIMEOUT_USEC={}", microseconds(by))); }

std::vector<PassedFd> take_passed() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  std::vector<PassedFd> passed;
  for (int i = 0; i < count; ++i) {
    passed.push_back({names == nullptr ? "" : names[i], Fd{SD_LISTEN_FDS_START + i}});
    if (names != nullptr) std::free(names[i]);  // NOLINT(cppcoreguidelines-no-malloc): sd_listen_fds(3)
  }
  std::free(names);  // NOLINT(cppcoreguidelines-no-malloc)
  return passed;
}

// Without FDPOLL=0 a socket whose other end is closed would be dropped at once.
void store(const std::string& name, int fd) {
  const std::string state = fmt::format("FDSTORE=1\nFDPOLL=0\nFDNAME={}", name);
  ::sd_pid_notify_with_fds(0, 0, state.c_str(), &fd, 1);
}

void unstore(const std::string& name) { notify(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name)); }

bool await_manager(Duration patience) { return ::sd_notify_barrier(0, microseconds(patience)) > 0; }

std::optional<Duration> watchdog_interval() {
  std::uint64_t interval = 0;
  if (::sd_watchdog_enabled(0, &interval) <= 0) return std::nullopt;
  return std::chrono::microseconds{interval};
}

void feed_watchdog() { notify("WATCHDOG=1"); }

}  // namespace tcpctl::systemd
