// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

/// The framing of netlink messages. Source: netlink(7), sock_diag(7). Threads: any.
namespace tcpctl::tcp::netlink {

struct Message {
  std::uint16_t type;
  std::uint32_t sequence;
  ByteView payload;
};

/// Takes the first message off `rest`; nothing where that is empty, or begins with what is no whole message.
[[nodiscard]] std::optional<Message> take(ByteView& rest);
/// What the first attribute of `type` holds; nothing where there is none before the end or a malformed one.
[[nodiscard]] std::optional<ByteView> attribute(ByteView attributes, std::uint16_t type);

/// A socket towards sock_diag, close-on-exec. Errors: io, where the kernel or a sandbox has none.
[[nodiscard]] Result<Fd> open_sock_diag(int flags = 0);

/// The next datagram from the kernel, in `buffer`; those of others are empty. Errors: the errno; EMSGSIZE
/// where `buffer` is too small.
struct Received {
  int error;
  ByteView datagram;
};
[[nodiscard]] Received receive(int fd, std::span<char> buffer);

}  // namespace tcpctl::tcp::netlink
