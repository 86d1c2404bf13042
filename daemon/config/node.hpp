// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tcpctl::config {

/// Where a value was written: `file:line:column` in TOML, a pointer in JSON; both at once never.
struct Place {
  std::shared_ptr<const std::string> file;  // null for JSON
  std::uint32_t line{0};
  std::uint32_t column{0};
  std::string pointer;  // RFC 6901, always filled: "/listeners/web/listen/0"
  [[nodiscard]] std::string text() const;
};

/// A value of TOML or JSON and where it stands: what both parsers make and the key table checks.
/// Threads: a plain value.
class Node {
 public:
  using List = std::vector<Node>;
  using Table = std::map<std::string, Node, std::less<>>;
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Table>;

  Node() = default;
  Node(Value value, Place place) : value_{std::move(value)}, place_{std::move(place)} {}

  [[nodiscard]] const Value& value() const { return value_; }
  [[nodiscard]] Value& value() { return value_; }
  [[nodiscard]] const Place& place() const { return place_; }
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value_);
  }
  /// The member `key` of a table, or null.
  [[nodiscard]] const Node* find(std::string_view key) const;
  /// Equal in value, wherever written: what a reload compares.
  friend bool operator==(const Node& left, const Node& right) { return left.value_ == right.value_; }

 private:
  Value value_;
  Place place_;
};

/// One mistake of a configuration: where, which key, and what would be right.
struct Mistake {
  Place place;
  std::string what;  // "unknown key 'acept_rate'; did you mean 'accept_rate'?"
  [[nodiscard]] std::string text() const { return place.text() + ": " + what; }
};
using Mistakes = std::vector<Mistake>;

}  // namespace tcpctl::config
