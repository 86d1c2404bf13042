// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/reply.hpp"

namespace tcpctl::api {

/// Reads the JSON object of a request's body; an empty body is an empty object.
///
/// Problems (400, with a pointer): not JSON, not an object, a key twice, deeper than 32, a key that is not in
/// `keys` (with the nearest). Threads: any.
[[nodiscard]] Checked<Json> read_object(std::string_view body, const std::vector<std::string>& keys);

/// The text of member `key`, or a problem with its pointer.
[[nodiscard]] Checked<std::string> text_member(const Json& object, const std::string& key);

}  // namespace tcpctl::api
