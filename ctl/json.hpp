// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"

namespace tcpctl::ctl {

/// One JSON value of an answer, to be read. What is missing, null or of another type reads as nothing, so an
/// older or a newer daemon breaks no command.
///
/// `path` names a member, with dots between levels: "connections.active"; "" is the value itself.
/// Keeps the order of members. Threads: a plain value; copies share the parsed tree.
class Json {
 public:
  Json() = default;  // null
  /// Errors: invalid_argument if `text` is no JSON or is nested more than 100 deep.
  [[nodiscard]] static Result<Json> parse(std::string_view text);

  /// {"items": [...]}, as the API has lists.
  [[nodiscard]] static Json list(const std::vector<Json>& items);
  /// This object with `value` as its last member; anything else stays as it is.
  [[nodiscard]] Json with(const std::string& key, const Json& value) const;

  [[nodiscard]] Json at(std::string_view path) const;
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_list() const;

  [[nodiscard]] std::optional<std::string> text(std::string_view path = {}) const;  // strings alone
  [[nodiscard]] std::optional<double> number(std::string_view path = {}) const;
  [[nodiscard]] std::optional<std::uint64_t> count(
      std::string_view path = {}) const;  // whole and not negative
  [[nodiscard]] std::optional<bool> truth(std::string_view path = {}) const;
  [[nodiscard]] std::vector<Json> items(std::string_view path = {}) const;
  [[nodiscard]] std::vector<std::pair<std::string, Json>> members(std::string_view path = {}) const;

  /// A string without its quotes, a number, true, false, "" for null; lists and objects as JSON in one line.
  [[nodiscard]] std::string raw() const;
  /// JSON text that no terminal misreads; `indent` below 0 is one line.
  [[nodiscard]] std::string dump(int indent) const;

 private:
  using Tree = nlohmann::ordered_json;
  explicit Json(std::shared_ptr<const Tree> value) : value_{std::move(value)} {}
  std::shared_ptr<const Tree> value_;  // null pointer: null
};

/// Which byte of `text` is the first that cannot be JSON, counted from 1; 0 if that cannot be told.
[[nodiscard]] std::size_t json_mistake(std::string_view text);

/// `text` as a JSON string with its quotes. Errors: nothing if it is no UTF-8.
[[nodiscard]] std::optional<std::string> json_string(std::string_view text);

}  // namespace tcpctl::ctl
