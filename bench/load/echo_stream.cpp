// SPDX-License-Identifier: Apache-2.0
#include "echo_stream.hpp"

#include <cerrno>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "common.hpp"

namespace tcpctl::bench {

EchoStream::EchoStream(Fd socket) : socket_{std::move(socket)} {}

EchoStream EchoStream::open(const sockaddr_in& to, std::uint64_t bytes) {
  EchoStream stream{connect_blocking(to)};
  const auto message = Pattern::at(0, bytes);
  std::vector<std::uint8_t> answer(message.size());
  if (!send_all(stream.fd(), message) || !receive_all(stream.fd(), answer)) die("the first exchange failed");
  if (!Pattern::matches(0, answer)) die("the first exchange brought other bytes back");
  set_nonblocking(stream.fd());
  stream.asked_ = stream.sent_ = stream.received_ = message.size();
  return stream;
}

bool EchoStream::send(std::uint64_t bytes) {
  asked_ += bytes;
  return flush();
}

bool EchoStream::flush() {
  while (sent_ < asked_) {
    const auto chunk = Pattern::at(sent_, asked_ - sent_);
    const auto n = ::send(fd(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    sent_ += static_cast<std::uint64_t>(n);
  }
  return true;
}

bool EchoStream::receive(std::span<std::uint8_t> scratch) {
  for (;;) {
    const auto n = ::recv(fd(), scratch.data(), scratch.size(), 0);
    if (n < 0) return errno == EAGAIN;
    const auto bytes = scratch.first(static_cast<std::size_t>(n));
    if (n == 0 || !Pattern::matches(received_, bytes)) return false;
    received_ += bytes.size();
    if (bytes.size() < scratch.size()) return true;
  }
}

}  // namespace tcpctl::bench
