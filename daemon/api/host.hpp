// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The texts of Host and Origin (RFC 9110 section 7.2, RFC 6454 section 7). Compared whole: a prefix or a
/// suffix of a good name is a foreign name.
namespace tcpctl::api {

[[nodiscard]] std::string lower_case(std::string_view text);

/// The name or address in "NAME", "NAME:PORT", "[V6]:PORT", in lower case and without brackets; nothing if
/// malformed.
[[nodiscard]] std::optional<std::string> host_name(std::string_view host);

/// "localhost", 127.0.0.0/8 or ::1, given as `host_name` answers it.
[[nodiscard]] bool is_loopback_name(const std::string& name);
[[nodiscard]] bool is_ip_literal(const std::string& name);

/// Whether a page of `origin` ("http://HOST:PORT") was served by `host`, default ports left out or not.
[[nodiscard]] bool is_same_origin(std::string_view origin, std::string_view host);

}  // namespace tcpctl::api
