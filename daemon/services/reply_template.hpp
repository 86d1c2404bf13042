// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tcpctl {

/// A text with the places {line}, {peer} and {n}; "{{" is a brace. What is filled in is never read as a
/// format.
///
/// Threads: const once made; share it freely.
class ReplyTemplate {
 public:
  /// How often {line} may stand in one text: it bounds how much a peer's byte is multiplied.
  static constexpr int kMostLines = 16;

  /// Errors: invalid_argument for a place that does not exist, a brace that is not closed, too many {line}.
  [[nodiscard]] static Result<ReplyTemplate> parse(std::string_view text);

  [[nodiscard]] bool shows_peer() const;
  void append_to(std::string& out, std::string_view line, std::string_view peer, std::uint64_t n) const;

 private:
  enum class Place : std::uint8_t { text, line, peer, n };
  struct Part {
    Place place;
    std::string text;
  };

  static Result<Place> place_of(std::string_view name);
  void add_text(std::string_view text);

  std::vector<Part> parts_;
};

}  // namespace tcpctl
