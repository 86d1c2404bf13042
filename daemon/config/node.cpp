// SPDX-License-Identifier: Apache-2.0
#include "config/node.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"

namespace tcpctl::config {
namespace {

/// One token of a pointer, unescaped as RFC 6901 section 4 says.
std::string key_of(std::string_view token) {
  std::string key;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    key += !escape ? token[i] : token[i + 1] == '1' ? '/' : '~';
    if (escape) ++i;
  }
  return key;
}

bool is_index(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string Place::text() const {
  if (!file) return pointer.empty() ? "/" : escaped(as_bytes(pointer), 512);
  if (line == 0) return *file;
  return fmt::format("{}:{}:{}", *file, line, column);
}

std::string Place::label() const {
  std::string text;
  std::string_view rest = pointer;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto token = rest.substr(0, slash);
    rest.remove_prefix(slash);
    if (is_index(token) && !text.empty()) {
      text += fmt::format("[{}]", token);
    } else {
      text += (text.empty() ? "" : ".") + key_of(token);
    }
  }
  return escaped(as_bytes(text), 256);
}

bool Place::before(const Place& other) const {
  return std::tie(order, line, column) < std::tie(other.order, other.line, other.column);
}

std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

const Node* Node::find(std::string_view key) const {
  const auto* table = as<Table>();
  if (table == nullptr) return nullptr;
  const auto found = table->find(key);
  return found == table->end() ? nullptr : &found->second;
}

Node::Table* Node::table(std::string_view key) {
  auto* members = std::get_if<Table>(&value_);
  if (members == nullptr) return nullptr;
  Value& member = (*members)[std::string{key}].value_;
  if (std::holds_alternative<std::monostate>(member)) member.emplace<Table>();
  return std::get_if<Table>(&member);
}

void Node::merge(const Node& patch) {
  const auto* changes = patch.as<Table>();
  if (changes == nullptr) {
    *this = patch;
    return;
  }
  if (as<Table>() == nullptr) *this = Node{Table{}, patch.place_};
  auto& table = std::get<Table>(value_);
  for (const auto& [key, change] : *changes) {
    if (change.as<std::monostate>() != nullptr) {
      table.erase(key);
    } else {
      table[key].merge(change);
    }
  }
}

Place Node::key_place() const {
  Place place = place_;
  if (key_line_ != 0) {
    place.line = key_line_;
    place.column = key_column_;
  }
  return place;
}

void Node::set_key_position(std::uint32_t line, std::uint32_t column) {
  key_line_ = line;
  key_column_ = column;
}

}  // namespace tcpctl::config
