// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tcpctl::api {

using Sha256 = std::array<std::uint8_t, 32>;

/// Threads: any, all of them.
[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// Takes the same time wherever the two differ.
[[nodiscard]] bool same_digest(const Sha256& left, const Sha256& right);
/// The place of the candidate whose `digest` is `wanted`. All of them are compared, so that time tells
/// neither whether nor which one matched.
template <class Candidates, class Same = decltype(&same_digest)>
[[nodiscard]] std::optional<std::size_t> match_all(const Candidates& candidates, const Sha256& wanted,
                                                   Same same = &same_digest) {
  std::optional<std::size_t> match;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (same(candidates[i].digest, wanted)) match = i;
  }
  return match;
}
/// 64 hex digits, upper or lower case.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view hex);

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing if `text` is not exactly what `to_base64` could have written.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tcpctl::api
