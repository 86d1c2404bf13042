// SPDX-License-Identifier: Apache-2.0
#include "tcp/destroy_events.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "tcp/netlink.hpp"

namespace tcpctl::tcp {
namespace {

constexpr std::array<int, 2> kGroups{SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY};

}  // namespace

Result<DestroyEvents> DestroyEvents::open(std::size_t receive_bytes) {
  auto fd = netlink::open_sock_diag(SOCK_NONBLOCK);
  if (!fd) return tl::make_unexpected(std::move(fd).error());
  const int size = static_cast<int>(std::min<std::size_t>(receive_bytes, INT_MAX));
  ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  // Without a port of its own it would be taken for the kernel's, which does not hear itself.
  sockaddr_nl any{};
  any.nl_family = AF_NETLINK;
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    return fail(Errc::io, "netlink socket: " + errno_text(errno));
  DestroyEvents events{std::move(*fd)};
  // A kernel without the group says so now, and not when it is needed.
  if (auto joined = events.join(); !joined) return tl::make_unexpected(std::move(joined).error());
  events.leave();
  return events;
}

Result<void> DestroyEvents::join() {
  for (const int group : kGroups) {
    if (::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      const int error = errno;
      leave();  // the one group without the other costs the host as much
      return fail(Errc::io, "sock_diag events: " + errno_text(error));
    }
  }
  return {};
}

void DestroyEvents::leave() {
  for (const int group : kGroups)
    ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group);
}

DestroyEvents::Read DestroyEvents::read() {
  const auto [error, datagram] = netlink::receive(fd_.get(), buffer_);
  if (error == ENOBUFS) return {Read::Status::overrun, std::nullopt};
  if (error == EMSGSIZE || error == EINTR) return {Read::Status::other, std::nullopt};
  if (error != 0) return {Read::Status::nothing, std::nullopt};
  auto event = parse_destroyed(datagram);
  const auto status = event ? Read::Status::event : Read::Status::other;
  return {status, std::move(event)};
}

std::optional<Destroyed> parse_destroyed(ByteView datagram) {
  const auto message = netlink::take(datagram);
  inet_diag_msg row{};
  if (!message || message->type != SOCK_DIAG_BY_FAMILY || message->payload.size() < sizeof row)
    return std::nullopt;
  std::memcpy(&row, message->payload.data(), sizeof row);
  const auto info = netlink::attribute(message->payload.subspan(sizeof row), INET_DIAG_INFO);
  if (!info || info->empty()) return std::nullopt;
  const std::uint64_t cookie = row.id.idiag_cookie[0] | std::uint64_t{row.id.idiag_cookie[1]} << 32U;
  return Destroyed{cookie, parse_info(*info)};
}

}  // namespace tcpctl::tcp
