// SPDX-License-Identifier: Apache-2.0
#include "steps/text_template.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tcpctl {
namespace {

constexpr std::size_t kLongestGroup = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// As RE2 counts and names its groups.
bool is_group(std::string_view text) {
  if (text.empty() || text.size() > kLongestGroup) return false;
  if (is_digit(text.front())) return text.front() != '0' && std::ranges::all_of(text, is_digit);
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || is_letter(c); });
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view whole) {
  std::string_view text = whole;
  TextTemplate parsed;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    parsed.literal += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      parsed.literal += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto end = std::min(text.find('}'), text.size());
      const auto group = text.substr(2, end - 2);
      if (end == text.size() || !is_group(group)) {
        return fail(
            Errc::invalid_argument,
            fmt::format("'${{' at byte {} is no reference to a group, like ${{1}} or ${{name}}; write "
                        "'$${{' for '${{' itself",
                        whole.size() - text.size() + 1));
      }
      parsed.references.push_back({parsed.literal.size(), std::string{group}});
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      parsed.literal += '$';
      text.remove_prefix(1);
    }
  }
  return parsed;
}

}  // namespace tcpctl
