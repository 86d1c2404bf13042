// SPDX-License-Identifier: Apache-2.0
#include "app/systemd.hpp"

#include <cstdint>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

namespace tcpctl::systemd {
namespace {

void notify(const std::string& state) { ::sd_notify(0, state.c_str()); }

}  // namespace

void ready() { notify("READY=1"); }

void reloading() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
                                                           static_cast<std::uint64_t>(time.tv_nsec) / 1000));
}

void stopping() { notify("STOPPING=1"); }

void status(const std::string& text) { notify("STATUS=" + text); }

}  // namespace tcpctl::systemd
