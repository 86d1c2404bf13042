// SPDX-License-Identifier: Apache-2.0
#include "api/json_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/reply.hpp"

namespace tcpctl::api {

void append_json_string(std::string& out, std::string_view text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (is_plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += dump(Json(text));
  }
}

std::string json_string(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

}  // namespace tcpctl::api
