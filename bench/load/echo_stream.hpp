// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <netinet/in.h>

#include "base/fd.hpp"

namespace tcpctl::bench {

/// One connection to an echo: sends the pattern as far as asked, and checks that the same comes back.
class EchoStream {
 public:
  /// A socket that is connecting or connected, non-blocking.
  explicit EchoStream(Fd socket);
  /// Connects and makes one exchange of `bytes`, so that a relay has its second leg when this returns. Dies
  /// on failure.
  [[nodiscard]] static EchoStream open(const sockaddr_in& to, std::uint64_t bytes);

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// Asks for `bytes` more and sends what the socket takes; false if it is broken.
  [[nodiscard]] bool send(std::uint64_t bytes);
  [[nodiscard]] bool flush();
  /// Takes what has come; false on wrong bytes, EOF or an error.
  [[nodiscard]] bool receive(std::span<std::uint8_t> scratch);

  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] bool all_answered() const { return received_ == asked_; }

 private:
  Fd socket_;
  std::uint64_t asked_{0};
  std::uint64_t sent_{0};
  std::uint64_t received_{0};
};

}  // namespace tcpctl::bench
