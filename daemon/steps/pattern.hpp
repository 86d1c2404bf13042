// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace re2 {
class RE2;
}

namespace tcpctl {

/// A regular expression over bytes, in the syntax of RE2: linear in time whatever the peer sends.
///
/// `^` and `$` match at line bounds (LF); `$` also at the end of what has come. `.` matches any byte but LF.
/// A line that ends in CRLF has the CR before its end: "^OK\r?$".
/// Threads: const once made; copies share the compiled program.
class Pattern {
 public:
  struct Match {
    std::size_t begin, end;  // offsets in the text
  };

  /// Errors: invalid_argument with RE2's words; a pattern that needs more than 1 MiB compiled is one of them.
  [[nodiscard]] static Result<Pattern> compile(std::string_view text);

  /// The first match that begins at `from` or behind. What stands before `from` matters for `^` and `\b`
  /// alone.
  [[nodiscard]] std::optional<Match> find(std::string_view text, std::size_t from = 0) const;
  /// The number of the group that is called `group`, or has it as its number; nothing if there is none.
  [[nodiscard]] std::optional<std::size_t> group(std::string_view group) const;
  static constexpr std::size_t kMostGroups = 100;
  /// What the groups `numbers` are in `match`, which `find` found in `text`; one that took no part is empty.
  [[nodiscard]] std::vector<std::string_view> groups(std::string_view text, Match match,
                                                     std::span<const std::size_t> numbers) const;
  /// Of the same text.
  friend bool operator==(const Pattern& left, const Pattern& right);

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> program) : program_{std::move(program)} {}

  std::shared_ptr<const re2::RE2> program_;
};

}  // namespace tcpctl
