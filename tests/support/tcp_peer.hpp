// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.hpp"
#include "base/fd.hpp"

/// Plain sockets as the other side of what is tested, on loopback with free ports.
namespace tcpctl::test {

inline Address address_of(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return Address::from(storage, length);
}

inline void set_non_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// Small buffers that do not grow, and no pacing: so that a pipe is filled and emptied in a few turns. An
/// accepted socket inherits them.
inline void make_small(int fd) {
  const int size = 128 * 1024;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
}

/// The far end of a connection. It never blocks; what comes is kept by `read`.
class Peer {
 public:
  Peer() = default;
  explicit Peer(Fd fd) : fd_{std::move(fd)} { set_non_blocking(fd_.get()); }

  /// As much of `bytes` as the kernel takes; answers how much.
  std::size_t write(std::string_view bytes) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && error == 0) error = errno;  // the first tells why
      return 0;
    }
    return static_cast<std::size_t>(sent);
  }
  /// Reads what is there, at most `most` bytes, to the end of `received`.
  void read(std::size_t most = SIZE_MAX) {
    std::array<char, 65536> buffer{};
    while (most > 0 && !eof && error == 0) {
      const ssize_t got = ::recv(fd_.get(), buffer.data(), std::min(buffer.size(), most), 0);
      if (got > 0) {
        received.append(buffer.data(), static_cast<std::size_t>(got));
        most -= static_cast<std::size_t>(got);
        continue;
      }
      if (got == 0) eof = true;
      if (got < 0 && errno != EAGAIN) error = errno;
      return;
    }
  }
  bool has(std::string_view text) {
    read();
    return received == text;
  }
  bool at_eof() {
    read();
    return eof;
  }
  bool was_reset() {
    read();
    return error == ECONNRESET || error == EPIPE;
  }
  bool is_over() { return at_eof() || error != 0; }

  void fin() { ::shutdown(fd_.get(), SHUT_WR); }
  void rst() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.reset();
  }
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Address local() const { return address_of(fd_.get()); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

  std::string received;
  bool eof{false};
  int error{0};

 private:
  Fd fd_;
};

/// A listening socket of the test's own, on 127.0.0.1 unless told otherwise.
class PlainListener {
 public:
  explicit PlainListener(int backlog = 128,
                         const Address& address = Address::from(in_addr{htonl(INADDR_LOOPBACK)}, 0))
      : fd_{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    const int on = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    make_small(fd_.get());
    sockaddr_storage storage{};
    const socklen_t length = address.to(storage);
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 ||
        ::listen(fd_.get(), backlog) != 0)
      throw std::runtime_error{"no port to listen on"};
    address_ = address_of(fd_.get());
  }

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next connection that is there; empty if none is.
  [[nodiscard]] Fd accept() {
    return Fd{::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  }
  void close() { fd_.reset(); }

 private:
  Fd fd_;
  Address address_;
};

/// Connects to what listens on loopback; there it is done at once.
inline Fd connect_plain(const Address& address, bool blocking = true) {
  Fd fd{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0)};
  make_small(fd.get());
  sockaddr_storage storage{};
  const socklen_t length = address.to(storage);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 && errno != EINPROGRESS)
    throw std::runtime_error{"cannot connect to " + address.text()};
  return fd;
}

/// Both ends of one connection over loopback; `here` does not block.
struct TcpPair {
  Fd here;
  Peer there;
};
inline TcpPair tcp_pair() {
  PlainListener listener;
  Peer there{connect_plain(listener.address())};
  pollfd ready{listener.fd(), POLLIN, 0};
  ::poll(&ready, 1, -1);
  return {listener.accept(), std::move(there)};
}

/// An address that answers no SYN: a listener whose queue is full.
class DeadEnd {
 public:
  DeadEnd() {
    for (int i = 0; i < 4; ++i) waiting_.push_back(connect_plain(listener_.address(), false));
  }
  [[nodiscard]] const Address& address() const { return listener_.address(); }

 private:
  PlainListener listener_{0};
  std::vector<Fd> waiting_;
};

/// A port that nobody listens on.
inline Address closed_port() {
  PlainListener listener;
  return listener.address();
}

/// Bytes that show where they were lost or doubled.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace tcpctl::test
