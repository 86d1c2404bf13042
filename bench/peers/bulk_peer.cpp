// SPDX-License-Identifier: Apache-2.0
#include "bulk_peer.hpp"

#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common.hpp"

namespace tcpctl::bench {

BulkPeer::BulkPeer(Reactor& reactor, Fd socket, std::span<std::uint8_t> scratch)
    : reactor_{reactor}, socket_{std::move(socket)}, scratch_{scratch}, wanted_{EPOLLIN} {
  reactor_.watch(socket_.get(), wanted_, *this);
}

void BulkPeer::on_events(std::uint32_t events) {
  if ((events & EPOLLERR) != 0) return close();
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && phase_ != Phase::verdict) receive();
  if (!socket_) return;
  if (phase_ == Phase::verdict) return send_verdict();
  if ((events & EPOLLOUT) != 0 && phase_ == Phase::flow) send_pattern();
}

void BulkPeer::receive() {
  const auto n = ::recv(socket_.get(), scratch_.data(), scratch_.size(), 0);
  if (n < 0) {
    if (errno != EAGAIN) close();
    return;
  }
  if (n == 0) {
    phase_ = Phase::verdict;
    return want(EPOLLOUT);
  }
  const auto payload = take_control(scratch_.first(static_cast<std::size_t>(n)));
  if (!Pattern::matches(verdict_.received, payload)) verdict_.damaged = 1;
  verdict_.received += payload.size();
}

std::span<const std::uint8_t> BulkPeer::take_control(std::span<const std::uint8_t> bytes) {
  if (phase_ == Phase::direction && !bytes.empty()) {
    direction_ = static_cast<Direction>(bytes.front());
    bytes = bytes.subspan(1);
    phase_ = Phase::go;
    if (::send(socket_.get(), &kAck, 1, MSG_NOSIGNAL) != 1) verdict_.damaged = 1;
  }
  if (phase_ == Phase::go && !bytes.empty()) {
    if (bytes.front() != kGo) verdict_.damaged = 1;
    bytes = bytes.subspan(1);
    phase_ = Phase::flow;
    if (goes_down(direction_)) want(EPOLLIN | EPOLLOUT);
  }
  return bytes;
}

void BulkPeer::send_pattern() {
  const auto chunk = Pattern::at(verdict_.sent, kBulkChunk);
  const auto n = ::send(socket_.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
  if (n > 0) verdict_.sent += static_cast<std::uint64_t>(n);
  if (n < 0 && errno != EAGAIN) close();
}

void BulkPeer::send_verdict() {
  const auto bytes = verdict_.bytes();
  const auto rest = std::span{bytes}.subspan(verdict_sent_);
  const auto n = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) verdict_sent_ += static_cast<std::size_t>(n);
  if (n < 0 || verdict_sent_ == bytes.size()) close();
}

void BulkPeer::want(std::uint32_t events) {
  if (std::exchange(wanted_, events) != events) reactor_.change(socket_.get(), events, *this);
}

void BulkPeer::close() {
  if (!socket_) return;
  socket_.reset();
  reactor_.retire(*this);
}

}  // namespace tcpctl::bench
