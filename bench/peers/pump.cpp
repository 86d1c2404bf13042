// SPDX-License-Identifier: Apache-2.0
#include "pump.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>

#include "common.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::size_t kPipeBytes = std::size_t{256} * 1024;
constexpr unsigned kSpliceFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

/// Bytes sent; 0 if the socket is full (or still connecting), -1 if it is broken.
ssize_t send_some(int to, std::span<const std::uint8_t> bytes) {
  const auto n = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return n < 0 && errno == EAGAIN ? 0 : n;
}

}  // namespace

Flow CopyPump::move(int from, int to, bool hangup, std::span<std::uint8_t> scratch) {
  hangup_ = hangup_ || hangup;
  if (state_ != Flow::finished && state_ != Flow::broken) state_ = advance(from, to, scratch);
  return state_;
}

Flow CopyPump::advance(int from, int to, std::span<std::uint8_t> scratch) {
  if (!pending_.empty() && !flush(to)) return state_;
  for (;;) {
    const auto received = ::recv(from, scratch.data(), scratch.size(), 0);
    if (received == 0) return Flow::finished;
    if (received < 0) return errno == EAGAIN ? Flow::drained : Flow::broken;
    const auto bytes = scratch.first(static_cast<std::size_t>(received));
    const auto sent = send_some(to, bytes);
    if (sent < 0) return Flow::broken;
    if (sent < received) {
      const auto rest = bytes.subspan(static_cast<std::size_t>(sent));
      pending_.assign(rest.begin(), rest.end());
      return Flow::blocked;
    }
    if (bytes.size() < scratch.size() && !hangup_) return Flow::drained;
  }
}

bool CopyPump::flush(int to) {
  const auto sent = send_some(to, std::span{pending_}.subspan(flushed_));
  if (sent < 0) {
    state_ = Flow::broken;
    return false;
  }
  flushed_ += static_cast<std::size_t>(sent);
  if (flushed_ < pending_.size()) return false;
  pending_.clear();
  flushed_ = 0;
  return true;
}

Flow SplicePump::move(int from, int to, bool /*hangup*/, std::span<std::uint8_t> /*scratch*/) {
  if (state_ != Flow::finished && state_ != Flow::broken) state_ = advance(from, to);
  return state_;
}

Flow SplicePump::advance(int from, int to) {
  if (!read_end_) open_pipe();
  for (;;) {
    if (in_pipe_ > 0 && !flush(to)) return state_;
    // The pipe is empty here, so that EAGAIN can only mean that the socket is.
    const auto n = ::splice(from, nullptr, write_end_.get(), nullptr, kPipeBytes, kSpliceFlags);
    if (n == 0) return Flow::finished;
    if (n < 0) return errno == EAGAIN ? Flow::drained : Flow::broken;
    in_pipe_ = static_cast<std::size_t>(n);
  }
}

bool SplicePump::flush(int to) {
  while (in_pipe_ > 0) {
    const auto n = ::splice(read_end_.get(), nullptr, to, nullptr, in_pipe_, kSpliceFlags);
    if (n <= 0) {
      state_ = n < 0 && errno == EAGAIN ? Flow::blocked : Flow::broken;
      return false;
    }
    in_pipe_ -= static_cast<std::size_t>(n);
  }
  return true;
}

void SplicePump::open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) die("pipe2");
  read_end_ = Fd{ends[0]};
  write_end_ = Fd{ends[1]};
  // Where the user's share of pipe pages is used up this fails, and the pipe stays as it is: slower, not
  // wrong.
  (void)::fcntl(write_end_.get(), F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
}

}  // namespace tcpctl::bench
