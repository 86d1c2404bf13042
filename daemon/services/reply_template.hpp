// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

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
  [[nodiscard]] static Result<ReplyTemplate> parse(std::string_view text) {
    ReplyTemplate result;
    int lines = 0;
    while (!text.empty()) {
      const auto brace = text.find('{');
      result.add_text(text.substr(0, brace));
      if (brace == std::string_view::npos) break;
      text.remove_prefix(brace + 1);
      if (text.starts_with('{')) {
        result.add_text("{");
        text.remove_prefix(1);
        continue;
      }
      const auto end = text.find('}');
      if (end == std::string_view::npos) {
        return fail(Errc::invalid_argument, "'{' without '}'; write '{{' for a brace");
      }
      const auto place = place_of(text.substr(0, end));
      if (!place) return tl::make_unexpected(place.error());
      if (*place == Place::line && ++lines > kMostLines) {
        return fail(Errc::invalid_argument, fmt::format("'{{line}}' more than {} times", kMostLines));
      }
      result.parts_.push_back({*place, {}});
      text.remove_prefix(end + 1);
    }
    return result;
  }

  [[nodiscard]] bool shows_peer() const {
    return std::ranges::any_of(parts_, [](const Part& part) { return part.place == Place::peer; });
  }

  void append_to(std::string& out, std::string_view line, std::string_view peer, std::uint64_t n) const {
    for (const auto& part : parts_) {
      switch (part.place) {
        case Place::text:
          out += part.text;
          break;
        case Place::line:
          out += line;
          break;
        case Place::peer:
          out += peer;
          break;
        case Place::n:
          fmt::format_to(std::back_inserter(out), "{}", n);
          break;
      }
    }
  }

 private:
  enum class Place : std::uint8_t { text, line, peer, n };
  struct Part {
    Place place;
    std::string text;
  };

  static Result<Place> place_of(std::string_view name) {
    if (name == "line") return Place::line;
    if (name == "peer") return Place::peer;
    if (name == "n") return Place::n;
    return fail(
        Errc::invalid_argument,
        fmt::format("unknown placeholder '{{{}}}'; there are {{line}}, {{peer}} and {{n}}, and '{{{{' "
                    "for a brace",
                    name));
  }

  void add_text(std::string_view text) {
    if (text.empty()) return;
    if (parts_.empty() || parts_.back().place != Place::text) parts_.push_back({Place::text, {}});
    parts_.back().text += text;
  }

  std::vector<Part> parts_;
};

}  // namespace tcpctl
