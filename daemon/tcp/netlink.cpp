// SPDX-License-Identifier: Apache-2.0
#include "tcp/netlink.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace tcpctl::tcp::netlink {

std::optional<Message> take(ByteView& rest) {
  nlmsghdr head{};
  if (rest.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, rest.data(), sizeof head);
  if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) return std::nullopt;
  const Message message{head.nlmsg_type, head.nlmsg_seq,
                        rest.subspan(sizeof head, head.nlmsg_len - sizeof head)};
  const std::size_t whole =
      (std::size_t{head.nlmsg_len} + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
  rest = rest.subspan(std::min(whole, rest.size()));
  return message;
}

std::optional<ByteView> attribute(ByteView attributes, std::uint16_t type) {
  rtattr head{};
  while (attributes.size() >= sizeof head) {
    std::memcpy(&head, attributes.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > attributes.size()) return std::nullopt;
    if (head.rta_type == type) return attributes.subspan(sizeof head, head.rta_len - sizeof head);
    const std::size_t whole = (std::size_t{head.rta_len} + RTA_ALIGNTO - 1) & ~std::size_t{RTA_ALIGNTO - 1};
    attributes = attributes.subspan(std::min(whole, attributes.size()));
  }
  return std::nullopt;
}

Result<Fd> open_sock_diag(int flags) {
  Fd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_SOCK_DIAG)};
  if (!fd) return fail(Errc::io, "netlink socket: " + errno_text(errno));
  return fd;
}

Received receive(int fd, std::span<char> buffer) {
  sockaddr_nl sender{};
  socklen_t length = sizeof sender;
  const ssize_t got =
      ::recvfrom(fd, buffer.data(), buffer.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &length);
  if (got < 0) return {errno, {}};
  if (sender.nl_pid != 0) return {0, {}};
  const auto size = static_cast<std::size_t>(got);
  if (size > buffer.size()) return {EMSGSIZE, {}};
  return {0, ByteView{buffer.data(), size}};
}

}  // namespace tcpctl::tcp::netlink
