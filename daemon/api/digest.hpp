// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
/// 64 hex digits, upper or lower case.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view hex);

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing if `text` is not exactly what `to_base64` could have written.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tcpctl::api
