// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.hpp"

/// One value and its key: what the checker, the readers, the diff and the lists of keys share.
namespace tcpctl::config {

/// `path` and `key` as one path; either may be empty.
[[nodiscard]] std::string join_path(std::string_view path, std::string_view key);

/// What the name of a listener, a client or a token may be.
inline constexpr std::string_view kNameRule =
    "1 to 64 letters, digits, '_', '.' or '-', the first a letter or digit";

/// What is wrong with `value` as one scalar of `key`, after the key's name: "expected a duration like "5s",
/// got the integer 5". Nothing if it is right. Whoever may read sees it: of a secret it has nothing.
[[nodiscard]] std::optional<std::string> wrong(const Node& value, const Key& key);

/// What was written, for a message: "the integer 5", "a table".
[[nodiscard]] std::string described(const Node& value);
/// The same without the value itself: "an integer".
[[nodiscard]] std::string_view kind_of(const Node& value);
/// What a key wants, for a message: "a duration like "5s"".
[[nodiscard]] std::string wanted(const Key& key);

/// The default of `key` as if it had been written; empty where the key is off by default.
[[nodiscard]] Node fallback_of(const Key& key);

/// The same text for all spellings of one value ("60s" and "1m"; a scalar and a list of it).
[[nodiscard]] std::string canonical(const Node& value, const Key& key);

/// "1 .. 65535", "at least 1ms", "" where there is none.
[[nodiscard]] std::string bounds_text(const Key& key);
[[nodiscard]] std::string_view type_text(KeyType type);
/// "now", "new_connections", "rebind" or "restart".
[[nodiscard]] std::string_view applies_text(Applies applies);
[[nodiscard]] std::vector<std::string> choices_of(const Key& key);

/// What could have been meant by `word`: "; did you mean 'x'?", or "".
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tcpctl::config
