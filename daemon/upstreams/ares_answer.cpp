// SPDX-License-Identifier: Apache-2.0
#include "upstreams/ares_answer.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include <fmt/format.h>

namespace tcpctl {

Errc ares_code(int status) {
  switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      return Errc::not_found;
    case ARES_ETIMEOUT:
      return Errc::timed_out;
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return Errc::invalid_argument;
    case ARES_EBADRESP:
    case ARES_EFORMERR:
      return Errc::io;
    default:
      return Errc::unavailable;
  }
}

std::string ares_words(int status) {
  switch (ares_code(status)) {
    case Errc::not_found:
      return status == ARES_ENODATA ? "the name has no address" : "no such name";
    case Errc::timed_out:
      return "no answer from the name servers";
    case Errc::unavailable:
      if (status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL)
        return "the name servers cannot be reached or failed";
      break;
    default:
      break;
  }
  std::string words = ares_strerror(status);
  std::ranges::transform(words, words.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return words;
}

Result<Resolved> read_ares_answer(const std::string& host, int status, const ares_addrinfo* answer) {
  if (status != ARES_SUCCESS)
    return fail(ares_code(status), fmt::format("host '{}': {}", host, ares_words(status)));
  Resolved resolved{.addresses = {}, .ttl = std::chrono::seconds::max()};
  for (const auto* node = answer->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage storage{};
    if (node->ai_addrlen > sizeof storage) continue;
    std::memcpy(&storage, node->ai_addr, node->ai_addrlen);
    resolved.addresses.push_back(Address::from(storage, node->ai_addrlen));
    resolved.ttl = std::min(resolved.ttl, std::chrono::seconds{std::max(node->ai_ttl, 0)});
  }
  for (const auto* alias = answer->cnames; alias != nullptr; alias = alias->next) {
    resolved.ttl = std::min(resolved.ttl, std::chrono::seconds{std::max(alias->ttl, 0)});
  }
  if (resolved.addresses.empty()) {
    return fail(Errc::not_found, fmt::format("host '{}': {}", host, ares_words(ARES_ENODATA)));
  }
  return resolved;
}

}  // namespace tcpctl
