// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "tcp/state.hpp"

/// Messages as the kernel writes them.
namespace tcpctl::test {

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string netlink_message(std::uint16_t type, std::uint32_t sequence, std::string_view payload) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + payload.size());
  head.nlmsg_type = type;
  head.nlmsg_seq = sequence;
  std::string message = bytes_of(head);
  message += payload;
  message.resize(NLMSG_ALIGN(message.size()));
  return message;
}

inline std::string attribute(std::uint16_t type, std::string_view value) {
  rtattr head{};
  head.rta_len = static_cast<std::uint16_t>(sizeof head + value.size());
  head.rta_type = type;
  std::string bytes = bytes_of(head);
  bytes += value;
  bytes.resize(RTA_ALIGN(bytes.size()));
  return bytes;
}

inline std::string socket_row(std::uint64_t cookie, tcp::State state, std::string_view attributes = {}) {
  inet_diag_msg row{};
  row.idiag_state = static_cast<std::uint8_t>(state);
  row.id.idiag_cookie[0] = static_cast<std::uint32_t>(cookie);
  row.id.idiag_cookie[1] = static_cast<std::uint32_t>(cookie >> 32U);
  std::string bytes = bytes_of(row);
  bytes += attributes;
  return bytes;
}

}  // namespace tcpctl::test
