// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <netinet/in.h>

#include "base/fd.hpp"

namespace tcpctl::bench {

/// Ends the program with status 1 after one line on stderr: `what`, and errno's words where errno is set.
[[noreturn]] void die(const std::string& what);

/// Monotonic time in nanoseconds.
[[nodiscard]] std::int64_t now_ns();

/// "127.0.0.1:9000" as a socket address; IPv4 literals only, because every contestant runs on loopback. Dies
/// otherwise.
[[nodiscard]] sockaddr_in parse_address(const std::string& text);

/// A non-blocking listener with SO_REUSEPORT: each thread has its own, so that accepting needs no hand-off.
/// TCP_NODELAY is set on it, and inherited by what it accepts.
[[nodiscard]] Fd listen_on(const sockaddr_in& address);

/// A socket with TCP_NODELAY whose connect has begun. None if the kernel refuses at once (errno says why).
[[nodiscard]] Fd begin_connect(const sockaddr_in& address);

/// As `begin_connect`, but blocking, with 10 s limits on sending and receiving; dies if nobody answers.
[[nodiscard]] Fd connect_blocking(const sockaddr_in& address);

/// Sends or receives the whole span over a blocking socket; false on EOF, error or after 10 s of silence.
[[nodiscard]] bool send_all(int fd, std::span<const std::uint8_t> bytes);
[[nodiscard]] bool receive_all(int fd, std::span<std::uint8_t> bytes);

void set_nonblocking(int fd);

/// A close of `fd` will send RST, and leave no TIME_WAIT.
void reset_on_close(int fd);

/// Lifts the soft limit of open files to the hard one.
void raise_file_limit();

/// Runs `body(0)` to `body(count - 1)`, each on a thread of its own, and waits for all of them.
void run_threads(unsigned count, const std::function<void(unsigned)>& body);

/// What goes over the wire: one endless stream, the same at both ends, so that a receiver who knows the
/// position knows the bytes. The period is a prime: lost, doubled or exchanged blocks of any usual size do
/// not fit by chance.
class Pattern {
 public:
  static constexpr std::size_t kPeriod = 65'521;
  static constexpr std::size_t kMaxChunk = std::size_t{256} * 1024;

  /// The `length` bytes (up to kMaxChunk) that begin at `position`.
  [[nodiscard]] static std::span<const std::uint8_t> at(std::uint64_t position, std::size_t length);
  [[nodiscard]] static bool matches(std::uint64_t position, std::span<const std::uint8_t> bytes);
};

}  // namespace tcpctl::bench
