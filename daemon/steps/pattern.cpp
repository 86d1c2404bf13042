// SPDX-License-Identifier: Apache-2.0
#include "steps/pattern.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>
#include <re2/re2.h>

namespace tcpctl {
namespace {

constexpr std::int64_t kMaxMemory = std::int64_t{1} << 20;

RE2::Options options() {
  RE2::Options options{RE2::Latin1};
  options.set_log_errors(false);
  options.set_never_nl(false);
  options.set_max_mem(kMaxMemory);
  return options;
}

/// What is wrong, without the piece of the pattern that RE2 quotes: it may be a secret.
std::string_view reason(const RE2& program) {
  std::string_view text = program.error();
  const std::string_view piece = program.error_arg();
  if (!piece.empty() && text.ends_with(piece)) text.remove_suffix(piece.size());
  return text.substr(0, text.find_last_not_of(": ") + 1);
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text) {
  const auto program = std::make_shared<const RE2>("(?m)" + std::string{text}, options());
  if (!program->ok()) {
    return fail(Errc::invalid_argument, fmt::format("no RE2 pattern: {}", reason(*program)));
  }
  return Pattern{program};
}

bool operator==(const Pattern& left, const Pattern& right) {
  return left.program_->pattern() == right.program_->pattern();
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, std::size_t from) const {
  const re2::StringPiece whole{text.data(), text.size()};
  re2::StringPiece hit;
  if (!program_->Match(whole, from, text.size(), RE2::UNANCHORED, &hit, 1)) return std::nullopt;
  const auto begin = static_cast<std::size_t>(hit.data() - text.data());
  return Match{begin, begin + hit.size()};
}

std::optional<std::size_t> Pattern::group(std::string_view group) const {
  const auto count = std::min(static_cast<std::size_t>(program_->NumberOfCapturingGroups()), kMostGroups);
  std::size_t number = 0;
  const auto read = std::from_chars(group.data(), group.data() + group.size(), number);
  if (read.ec != std::errc{}) {
    const auto& names = program_->NamedCapturingGroups();
    const auto found = names.find(std::string{group});
    number = found == names.end() ? 0 : static_cast<std::size_t>(found->second);
  }
  if (number == 0 || number > count) return std::nullopt;
  return number;
}

std::vector<std::string_view> Pattern::groups(std::string_view text, Match match,
                                              std::span<const std::size_t> numbers) const {
  std::vector<std::string_view> found(numbers.size());
  if (numbers.empty()) return found;
  std::vector<re2::StringPiece> pieces(*std::ranges::max_element(numbers) + 1);
  // Of what matches exactly there, the first choice is the one that `find` made.
  if (!program_->Match({text.data(), text.size()}, match.begin, match.end, RE2::ANCHOR_BOTH, pieces.data(),
                       static_cast<int>(pieces.size()))) {
    return found;
  }
  std::ranges::transform(numbers, found.begin(), [&](std::size_t number) {
    const auto& piece = pieces.at(number);
    return piece.data() == nullptr ? std::string_view{} : std::string_view{piece.data(), piece.size()};
  });
  return found;
}

}  // namespace tcpctl
