// SPDX-License-Identifier: Apache-2.0
#include "steps/pattern.hpp"

#include <string>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.hpp"

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

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text) {
  const auto program = std::make_shared<const RE2>("(?m)" + std::string{text}, options());
  if (!program->ok()) {
    return fail(Errc::invalid_argument, fmt::format("pattern '{}': {}", escaped(as_bytes(text)),
                                                    escaped(as_bytes(program->error()))));
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

}  // namespace tcpctl
