// SPDX-License-Identifier: Apache-2.0
#include "services/reply_template.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.hpp"

namespace tcpctl {

Result<ReplyTemplate> ReplyTemplate::parse(std::string_view text) {
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

bool ReplyTemplate::shows_peer() const {
  return std::ranges::any_of(parts_, [](const Part& part) { return part.place == Place::peer; });
}

void ReplyTemplate::append_to(std::string& out, std::string_view line, std::string_view peer,
                              std::uint64_t n) const {
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

Result<ReplyTemplate::Place> ReplyTemplate::place_of(std::string_view name) {
  if (name == "line") return Place::line;
  if (name == "peer") return Place::peer;
  if (name == "n") return Place::n;
  return fail(
      Errc::invalid_argument,
      fmt::format("unknown placeholder '{{{}}}'; there are {{line}}, {{peer}} and {{n}}, and '{{{{' for "
                  "a brace",
                  escaped(as_bytes(name))));
}

void ReplyTemplate::add_text(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().place != Place::text) parts_.push_back({Place::text, {}});
  parts_.back().text += text;
}

}  // namespace tcpctl
