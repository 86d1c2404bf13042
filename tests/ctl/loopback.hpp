// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.hpp"
#include "base/fd.hpp"
#include "tcp/socket.hpp"

/// Sockets and pipes for tests of what drives descriptors.
namespace tcpctl::ctl::test {

/// A listening socket on a free port of `host`.
class Server {
 public:
  explicit Server(const std::string& host = "127.0.0.1", bool listening = true) {
    const auto address = parse_ip_port(host + ":0");
    if (!address) std::abort();
    sockaddr_storage storage{};
    const auto length = address->to(storage);
    fd_ = Fd{::socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) std::abort();
    if (listening && ::listen(fd_.get(), 16) != 0) std::abort();
  }
  [[nodiscard]] Address address() const { return tcp::local_address(fd_.get()); }
  [[nodiscard]] Fd accept() const { return Fd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)}; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    read = Fd{ends[0]};
    write = Fd{ends[1]};
  }
  Fd read, write;
};

inline void put(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// At most `size` bytes, fewer only at the end.
inline std::string get(int fd, std::size_t size) {
  std::string all(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got = ::read(fd, all.data() + have, size - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  all.resize(have);
  return all;
}

inline std::string get_all(int fd) {
  std::string all;
  while (true) {
    auto piece = get(fd, 65536);
    all += piece;
    if (piece.size() < 65536) return all;
  }
}

inline void reset(Fd& fd) {
  tcp::set_abort_on_close(fd.get());
  fd.reset();
}

}  // namespace tcpctl::ctl::test
