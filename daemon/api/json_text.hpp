// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tcpctl::api {

/// `text` as a JSON string; what is no UTF-8 is replaced by U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);
/// The same at the end of `out`.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON object at the end of a text, member by member: for lists of thousands, of which trees in
/// memory would cost more than ten times as much. The object ends with this. Names are plain words.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_{out} { out_ += '{'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;
  ~JsonObject() { out_ += '}'; }

  void add(std::string_view name, std::string_view text) { append_json_string(begin(name), text); }
  void add(std::string_view name, std::same_as<bool> auto value) { raw(name, value ? "true" : "false"); }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void add(std::string_view name, T value) {
    const fmt::format_int digits{value};
    raw(name, {digits.data(), digits.size()});
  }
  template <class T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (value) {
      add(name, *value);
    } else {
      add_null(name);
    }
  }
  void add_null(std::string_view name) { raw(name, "null"); }
  /// Null where there is no text.
  void add_or_null(std::string_view name, std::string_view text) {
    if (text.empty()) {
      add_null(name);
    } else {
      add(name, text);
    }
  }
  /// `json` is JSON already.
  void raw(std::string_view name, std::string_view json) { begin(name) += json; }
  /// The text, in which the value of a new member comes next.
  std::string& begin(std::string_view name) {
    out_ += out_.back() == '{' ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    return out_;
  }

 private:
  std::string& out_;
};

}  // namespace tcpctl::api
