// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tcpctl {

using ByteView = std::span<const char>;
[[nodiscard]] inline std::string_view as_text(ByteView bytes) { return {bytes.data(), bytes.size()}; }
[[nodiscard]] inline ByteView as_bytes(std::string_view text) { return {text.data(), text.size()}; }

/// What a peer sent, fit for a log, a terminal or JSON: printable ASCII stays, the rest is \n \r \t \\ or
/// \xHH. At most `limit` bytes of `bytes` are shown; "..." follows where some were cut.
[[nodiscard]] std::string escaped(ByteView bytes, std::size_t limit = 256);

/// The candidate nearest to `word` by edit distance, if near enough to be what was meant (2 edits, or a third
/// of it).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

/// [A-Za-z0-9][A-Za-z0-9_.-]{0,63}: the names of listeners, clients and upstreams.
[[nodiscard]] bool is_name(std::string_view text);

/// Hex digits, upper or lower case, blanks between bytes allowed: "0d 0a" -> "\r\n". Nothing if malformed.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace tcpctl
