// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tcpctl::config {

/// Where a value was written: `file:line:column` in TOML, a pointer in JSON; both at once never.
struct Place {
  std::shared_ptr<const std::string> file;  // null for JSON
  std::uint32_t line{0};
  std::uint32_t column{0};
  std::string pointer;     // RFC 6901, always filled: "/listeners/web/listen/0"
  std::uint32_t order{0};  // of files: in the order read; of values in JSON: in the order written
  /// "tcpctld.toml:12:3", the file alone where no line is to blame, or the pointer.
  [[nodiscard]] std::string text() const;
  /// The pointer as users name keys: "listeners.web.listen[0]"; "" for the root.
  [[nodiscard]] std::string label() const;
  /// Earlier in the text, or in an earlier text.
  [[nodiscard]] bool before(const Place& other) const;
};

/// `key` as one token of a JSON pointer.
[[nodiscard]] std::string pointer_token(std::string_view key);

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
  /// Where the key stands that this is the value of: what a mistake about the key itself points to.
  [[nodiscard]] Place key_place() const;
  void set_key_position(std::uint32_t line, std::uint32_t column);
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value_);
  }
  /// The member `key` of a table, or null.
  [[nodiscard]] const Node* find(std::string_view key) const;
  /// The table that is the member `key` of this table, made where there is no such member. Null where the one
  /// or the other is something else.
  [[nodiscard]] Table* table(std::string_view key);
  /// Changes it as `patch` says (RFC 7396): its nulls take keys away, its tables change tables, all else of
  /// it takes the place of what was there.
  void merge(const Node& patch);
  /// Equal in value, wherever written: what a reload compares.
  friend bool operator==(const Node& left, const Node& right) { return left.value_ == right.value_; }

 private:
  Value value_;
  Place place_;
  std::uint32_t key_line_{0};  // 0 = as the value
  std::uint32_t key_column_{0};
};

/// One mistake of a configuration: where, which key, and what would be right.
struct Mistake {
  Place place;
  std::string what;  // "unknown key 'acept_rate'; did you mean 'accept_rate'?"
  [[nodiscard]] std::string text() const { return place.text() + ": " + what; }
};
using Mistakes = std::vector<Mistake>;

}  // namespace tcpctl::config
