// SPDX-License-Identifier: Apache-2.0
#include "api/json_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/reply.hpp"

namespace tcpctl::api {

std::string json_string(std::string_view text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (!is_plain) return dump(Json(text));
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted += '"';
  quoted += text;
  quoted += '"';
  return quoted;
}

}  // namespace tcpctl::api
