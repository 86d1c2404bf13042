// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "api/http_request.hpp"

namespace tcpctl::api {

/// Does the caller name `type` in Accept? Which of several types it would like best does not matter, and a
/// range like */* names none.
[[nodiscard]] bool accepts(const HttpRequest& request, std::string_view type);

}  // namespace tcpctl::api
