// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/address.hpp"
#include "base/clock.hpp"

namespace tcpctl::api {

/// A complete request as RequestReader lets it pass: framed without doubt, every part in its bounds.
struct HttpRequest {
  struct Header {
    std::string name;   // lower case
    std::string value;  // as sent, without blanks around; nothing in it was decoded
  };
  std::string method;
  std::string target;  // origin form, printable ASCII
  bool keep_alive{true};
  std::vector<Header> headers;
  std::string body;
  std::optional<Instant> since{};  // when it was complete; it may have waited for its turn since

  /// The first header of this (lower-case) name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &Header::name);
    if (found == headers.end()) return std::nullopt;
    return found->value;
  }
};

/// By which door a caller came in, and what the kernel tells of it there.
enum class Door : std::uint8_t { unix_socket, http, metrics };
struct Peer {
  Door door{Door::http};
  Address remote;             // http and metrics
  pid_t pid{0};               // unix_socket, as are those below
  uid_t uid{0};               // SO_PEERCRED
  std::vector<gid_t> groups;  // the primary group and SO_PEERGROUPS
};

}  // namespace tcpctl::api
