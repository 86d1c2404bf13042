// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>

namespace tcpctl {

/// A thread that shows under `name` (15 characters at most) in ps and gets no signals: those are the main
/// thread's.
template <class Function>
[[nodiscard]] std::thread named_thread(const std::string& name, Function function) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);  // inherited, so there is no moment without it
  std::thread thread{std::move(function)};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name.c_str());
  return thread;
}

}  // namespace tcpctl
