// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tcpctl {

/// A text to send with references to what was received before: "PASS ${1}", "SESSION ${id}".
///
/// `${1}` and `${name}` stand for a group of an `expect`; "$${" is a literal "${"; any other '$' is itself.
/// Threads: a plain value.
struct TextTemplate {
  struct Reference {
    std::size_t at;     // in `literal`: what the group matched goes in there
    std::string group;  // a number from 1, or a name
  };
  std::string literal;                // the text without its references
  std::vector<Reference> references;  // in the order of the text

  /// Errors: invalid_argument, where "${" begins nothing that is a reference.
  [[nodiscard]] static Result<TextTemplate> parse(std::string_view text);
};

}  // namespace tcpctl
