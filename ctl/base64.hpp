// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tcpctl::ctl {

/// With padding, in one line. Source: RFC 4648 section 4.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing if `text` is malformed.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tcpctl::ctl
