// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/node.hpp"
#include "config/options.hpp"

namespace tcpctl::config {

/// The table of one listener or client as the user wrote it: its values, not the places of them.
///
/// Kept as JSON text, which takes a tenth of the memory of a tree.
/// Threads: a plain value.
class Written {
 public:
  Written() = default;  // an empty table
  explicit Written(const Node& table);

  /// Keys in alphabetical order, secrets included.
  [[nodiscard]] const std::string& json() const { return json_; }
  /// The table again; its places are pointers that begin with `pointer`.
  [[nodiscard]] Node node(const std::string& pointer = {}) const;
  /// As `json`; with `redact` as to_json has it. `path` is that of the table: "listeners.*".
  [[nodiscard]] std::string json(const KeyTable& keys, std::string_view path, bool redact) const;

  /// Written alike; otherwise spelt values may still mean the same.
  friend bool operator==(const Written&, const Written&) = default;

 private:
  std::string json_{"{}"};
};

}  // namespace tcpctl::config
