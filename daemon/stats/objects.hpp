// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tcpctl {

/// What a configuration declares by name.
enum class ObjectKind : std::uint8_t { listener, client };

/// One of them. Threads: a plain value.
struct ObjectName {
  ObjectKind kind;
  std::string name;

  /// The table that it stands in: "listeners".
  [[nodiscard]] std::string_view table() const;
  /// Its place in the table of keys: "listeners.*".
  [[nodiscard]] std::string path() const;
  /// Its place in a configuration: "listeners.web".
  [[nodiscard]] std::string text() const;
  /// As messages name it: "listener 'web'".
  [[nodiscard]] std::string label() const;
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

}  // namespace tcpctl
