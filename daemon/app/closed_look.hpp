// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "tcp/sock_diag.hpp"

namespace tcpctl {

/// What the kernel holds of closed sockets, asked for once a second at most, however many ask here.
///
/// Threads: any that may wait for the kernel some milliseconds: those of the API, never a loop.
class ClosedLook {
 public:
  static constexpr Duration kFresh = std::chrono::seconds{1};
  using Dump = std::function<Result<tcp::ClosingSockets>()>;

  explicit ClosedLook(Dump dump = [] { return tcp::closing_sockets(); }) : dump_{std::move(dump)} {}

  struct Look {
    std::shared_ptr<const tcp::ClosingSockets> sockets;  // never null; of nothing known where it failed
    std::string refusal;                                 // empty if it did not
  };
  [[nodiscard]] Look look(Instant time = now());

 private:
  const Dump dump_;
  std::mutex mutex_;
  Look last_;          // guarded by mutex_
  Instant last_at_{};  // guarded by mutex_
};

}  // namespace tcpctl
