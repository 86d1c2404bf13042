// SPDX-License-Identifier: Apache-2.0
#include "config/toml_text.hpp"

#include <cstdint>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

#include "config/config.hpp"

namespace tcpctl::config {
namespace {

toml::table table_of(const Node::Table& from, bool is_inline);
toml::array list_of(const Node::List& from);

/// Calls `put` with what toml++ has for `node`.
template <class Put>
void convert(const Node& node, bool in_list, Put put) {
  if (const auto* table = node.as<Node::Table>()) {
    put(table_of(*table, in_list));
  } else if (const auto* list = node.as<Node::List>()) {
    put(list_of(*list));
  } else if (const auto* text = node.as<std::string>()) {
    put(*text);
  } else if (const auto* integer = node.as<std::int64_t>()) {
    put(*integer);
  } else if (const auto* number = node.as<double>()) {
    put(*number);
  } else if (const auto* boolean = node.as<bool>()) {
    put(*boolean);
  }
}

toml::table table_of(const Node::Table& from, bool is_inline) {
  toml::table table;
  for (const auto& [name, member] : from) {
    convert(member, is_inline,
            [&table, &key = name](auto&& value) { table.insert(key, std::forward<decltype(value)>(value)); });
  }
  table.is_inline(is_inline);
  return table;
}

toml::array list_of(const Node::List& from) {
  toml::array list;
  for (const auto& element : from)
    convert(element, true, [&](auto&& value) { list.push_back(std::forward<decltype(value)>(value)); });
  return list;
}

}  // namespace

std::string to_toml(const Node& table) {
  const auto* members = table.as<Node::Table>();
  if (members == nullptr || members->empty()) return {};  // toml++ would write braces
  // Strings in one form only, in which nothing is taken for the end of a line or of a tab's width.
  constexpr auto kForm =
      toml::format_flags::allow_unicode_strings | toml::format_flags::indent_array_elements;
  const auto tree = table_of(*members, false);
  std::ostringstream text;
  text << toml::toml_formatter{tree, kForm} << '\n';
  return std::move(text).str();
}

std::string to_toml(const Config& config, const KeyTable& keys, bool redact) {
  const Node root = whole(config);
  return to_toml(redact ? redacted(root, keys, "") : root);
}

}  // namespace tcpctl::config
