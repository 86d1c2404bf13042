// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

/// How bytes look between a user and a connection. Both keep what a piece leaves half, and never more.
/// Threads: plain values.
namespace tcpctl::ctl {

/// What the user gives, as the bytes that are sent.
class InputForm {
 public:
  enum class Kind { plain, crlf, hex };
  explicit InputForm(Kind kind) : kind_{kind} {}

  /// The bytes of the next piece. Errors, of hex alone: invalid_argument, saying what stands where; nothing
  /// of that piece counts then.
  [[nodiscard]] Result<std::string> take(std::string_view given);
  /// Errors: invalid_argument where half a byte is left.
  [[nodiscard]] Result<void> end() const;

 private:
  [[nodiscard]] std::string with_crlf(std::string_view given);
  [[nodiscard]] Result<std::string> from_hex(std::string_view given);

  Kind kind_;
  bool after_cr_{false};
  std::optional<unsigned> half_;  // the first digit of a byte
  std::uint64_t line_{1};
};

/// What the peer sends, as it is printed.
class OutputForm {
 public:
  /// `terminal`: without anything that steers one; a line end of CR LF is shown as a line end.
  enum class Kind { raw, terminal, hex };
  explicit OutputForm(Kind kind) : kind_{kind} {}

  [[nodiscard]] std::string take(std::string_view received);
  /// What was kept because it may have been half a character.
  [[nodiscard]] std::string end();

 private:
  [[nodiscard]] std::string for_terminal(std::string_view received);
  [[nodiscard]] std::string dump(std::string_view received);

  Kind kind_;
  std::string kept_;  // at most 3 bytes
  std::uint64_t offset_{0};
};

}  // namespace tcpctl::ctl
