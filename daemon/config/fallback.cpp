// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <charconv>

#include <fmt/format.h>

#include "config/config.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

/// `text` as a value of TOML: the lists and the quoted texts among the defaults.
Node toml_value(std::string_view text) {
  const auto root = parse_toml(fmt::format("value = {}", text), "default");
  assert(root && "a default in the key table is no TOML");
  return *root->find("value");
}

template <class T>
Node number(std::string_view text) {
  T value{};
  [[maybe_unused]] const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  assert(parsed.ec == std::errc{} && "a default in the key table is no number");
  return {value, {}};
}

}  // namespace

Node fallback_of(const Key& key) {
  const auto text = key.fallback;
  if (text.empty()) return {};
  if (text.front() == '[' || text.front() == '"') return toml_value(text);
  switch (key.type) {
    case KeyType::boolean:
      return {text == "true", {}};
    case KeyType::integer:
      return number<std::int64_t>(text);
    case KeyType::number:
      return number<double>(text);
    default:
      return {std::string{text}, {}};
  }
}

}  // namespace tcpctl::config
