// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"
#include "tcp/info.hpp"

namespace tcpctl::tcp {

/// What the kernel says of a TCP socket as it destroys it; a TIME_WAIT that comes after is another object.
/// Where close(2) aborted the connection by SO_LINGER, it has wiped the counts before.
struct Destroyed {
  std::uint64_t cookie;
  Info info;
};

/// The sockets of this network namespace as they are destroyed, whoever's they are.
///
/// While anybody listens, each socket that the host destroys costs it some 5 us, so `join` late and `leave`
/// soon. No privilege is needed. Threads: one at a time.
/// Source: sock_diag(7), SKNLGRP_INET_TCP_DESTROY, as `ss -E` uses it.
class DestroyEvents {
 public:
  static constexpr std::size_t kReceiveBytes = 4UL << 20;

  /// Does not listen yet. What is over `receive_bytes`, or the host's net.core.rmem_max, is lost.
  /// Errors: io, where the kernel or a sandbox has none.
  [[nodiscard]] static Result<DestroyEvents> open(std::size_t receive_bytes = kReceiveBytes);

  /// Errors: io, and then it does not listen.
  [[nodiscard]] Result<void> join();
  void leave();
  /// Readable when there is something to `read`.
  [[nodiscard]] int fd() const { return fd_.get(); }

  struct Read {
    enum class Status : std::uint8_t { event, other, nothing, overrun } status;
    std::optional<Destroyed> event;
  };
  /// The next message; `other` if it is of no TCP socket, `overrun` once where some were lost before it.
  [[nodiscard]] Read read();

 private:
  explicit DestroyEvents(Fd fd) : fd_{std::move(fd)} {}
  Fd fd_;
  std::array<char, 4096> buffer_{};
};

/// Nothing where it is no such message, or cut.
[[nodiscard]] std::optional<Destroyed> parse_destroyed(ByteView datagram);

}  // namespace tcpctl::tcp
