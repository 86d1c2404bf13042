// SPDX-License-Identifier: Apache-2.0
#include "steps/steps.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tcpctl {
namespace {

using config::Key;
using config::KeyType;
using config::Mistake;
using config::Mistakes;
using config::OptionReader;

constexpr std::int64_t kLongestText{kStepWindow.count()};  // more would never match
constexpr std::int64_t kLongestPattern = 4096;

#define X(name) std::string_view{#name},
constexpr std::array kKindTexts{TCPCTL_STEP_KINDS(X)};
#undef X

constexpr std::array kKeys{
    Key{.path = "steps[].send",
        .type = KeyType::text,
        .min = 1,
        .max = kLongestText,
        .secret = true,
        .help = "Send this text; nothing is added"},
    Key{.path = "steps[].send_bytes",
        .type = KeyType::hex,
        .min = 1,
        .max = kLongestText,
        .secret = true,
        .help = "Send these bytes, in hex"},
    Key{.path = "steps[].expect",
        .type = KeyType::pattern,
        .min = 1,
        .max = kLongestPattern,
        .secret = true,
        .help = "Wait for a match of this RE2 pattern; ^ and $ match at line bounds"},
    Key{.path = "steps[].expect_bytes",
        .type = KeyType::hex,
        .min = 1,
        .max = kLongestText,
        .secret = true,
        .help = "Wait for these bytes, in hex"},
    Key{.path = "steps[].reject",
        .type = KeyType::pattern,
        .min = 1,
        .max = kLongestPattern,
        .secret = true,
        .help = "Fail if this matches before the next expect is met"},
    Key{.path = "steps[].expect_eof",
        .type = KeyType::boolean,
        .help = "Wait for the peer's FIN; what comes before it is thrown away"},
    Key{.path = "steps[].expect_refused",
        .type = KeyType::boolean,
        .help = "The connection is to be refused; the only step then"},
    Key{.path = "steps[].wait", .type = KeyType::duration, .min = 1, .help = "Let this time pass"},
    Key{.path = "steps[].close",
        .type = KeyType::boolean,
        .help = "Send FIN; what comes can still be read, nothing more can be sent"},
    Key{.path = "steps[].reset",
        .type = KeyType::boolean,
        .help = "Send RST once the peer has what was sent; the last step"},
};

tl::unexpected<Mistake> wrong(const OptionReader& element, std::string_view key, std::string what) {
  return tl::make_unexpected(element.mistake(key, std::move(what)));
}

/// The one kind that `element` has.
tl::expected<StepKind, Mistake> kind_of(const OptionReader& element) {
  std::optional<StepKind> kind;
  for (std::size_t i = 0; i < kKindTexts.size(); ++i) {
    if (!element.has(kKindTexts.at(i))) continue;
    if (kind) {
      return wrong(element, kKindTexts.at(i),
                   fmt::format("a step is one thing: put '{}' and '{}' into two steps", text(*kind),
                               kKindTexts.at(i)));
    }
    kind = static_cast<StepKind>(i);
  }
  if (kind) return *kind;
  return wrong(element, "", fmt::format("a step needs one of {}", fmt::join(kKindTexts, ", ")));
}

tl::expected<Step, Mistake> read_bytes(const OptionReader& element, StepKind kind) {
  return Step{.kind = kind, .bytes = element.text(text(kind)), .pattern = std::nullopt};
}

tl::expected<Step, Mistake> read_pattern(const OptionReader& element, StepKind kind) {
  const auto pattern = Pattern::compile(element.text(text(kind)));
  if (!pattern) return wrong(element, text(kind), pattern.error().what);
  return Step{.kind = kind, .bytes = {}, .pattern = *pattern};
}

tl::expected<Step, Mistake> read_flag(const OptionReader& element, StepKind kind) {
  if (!element.boolean(text(kind))) {
    return wrong(element, text(kind),
                 fmt::format("'{}' can only be true; or leave the step out", text(kind)));
  }
  return Step{.kind = kind, .bytes = {}, .pattern = std::nullopt};
}

tl::expected<Step, Mistake> read_step(const OptionReader& element) {
  const auto kind = kind_of(element);
  if (!kind) return tl::make_unexpected(kind.error());
  switch (*kind) {
    case StepKind::send:
    case StepKind::send_bytes:
    case StepKind::expect_bytes:
      return read_bytes(element, *kind);
    case StepKind::expect:
    case StepKind::reject:
      return read_pattern(element, *kind);
    case StepKind::expect_eof:
    case StepKind::expect_refused:
    case StepKind::close:
    case StepKind::reset:
      return read_flag(element, *kind);
    case StepKind::wait:
      break;
  }
  return Step{.kind = *kind, .bytes = {}, .pattern = std::nullopt, .wait = element.duration("wait")};
}

bool waits_for_data(const Step& step) {
  return step.kind == StepKind::expect || step.kind == StepKind::expect_bytes ||
         step.kind == StepKind::expect_eof || step.kind == StepKind::wait;
}

bool sends(const Step& step) {
  return step.kind == StepKind::send || step.kind == StepKind::send_bytes || step.kind == StepKind::close;
}

/// What is wrong with a step because of those around it.
std::optional<std::string> misplaced(const std::vector<Step>& steps, std::size_t i, StepsFor whom) {
  const auto kind = steps.at(i).kind;
  if (kind == StepKind::expect_refused && whom == StepsFor::script) {
    return "a connection that was accepted cannot be refused";
  }
  if (kind == StepKind::expect_refused && steps.size() > 1) {
    return "where the connection is to be refused no other step can be taken";
  }
  const auto before = std::span{steps}.first(i);
  const auto rest = std::span{steps}.subspan(i + 1);
  if (kind == StepKind::reset && !rest.empty()) return "'reset' ends the connection; make it the last step";
  if (kind == StepKind::reject && std::ranges::none_of(rest, waits_for_data)) {
    return "'reject' needs a step behind it that waits: expect, expect_bytes, expect_eof or wait";
  }
  const auto has = [before](StepKind other) {
    return std::ranges::find(before, other, &Step::kind) != before.end();
  };
  if (sends(steps.at(i)) && has(StepKind::close)) return "nothing can be sent after 'close'";
  if (has(StepKind::expect_eof) && waits_for_data(steps.at(i)) && kind != StepKind::wait) {
    return "nothing can come after the peer's FIN";
  }
  return std::nullopt;
}

}  // namespace

std::string_view text(StepKind kind) { return kKindTexts.at(static_cast<std::size_t>(kind)); }

std::span<const Key> step_keys() { return kKeys; }

tl::expected<Steps, Mistakes> parse_steps(const OptionReader& owner, StepsFor whom) {
  const auto elements = owner.elements("steps");
  const auto most = whom == StepsFor::script ? kMostScriptSteps : kMostSteps;
  if (elements.size() > most) {
    return tl::make_unexpected(
        Mistakes{owner.mistake("steps", fmt::format("{} steps; at most {}", elements.size(), most))});
  }
  std::vector<Step> steps;
  Mistakes mistakes;
  for (const auto& element : elements) {
    if (auto step = read_step(element)) {
      steps.push_back(*std::move(step));
    } else {
      mistakes.push_back(std::move(step).error());
    }
  }
  for (std::size_t i = 0; mistakes.empty() && i < steps.size(); ++i) {
    if (auto what = misplaced(steps, i, whom)) {
      mistakes.push_back(elements.at(i).mistake(text(steps.at(i).kind), *std::move(what)));
    }
  }
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  return std::make_shared<const std::vector<Step>>(std::move(steps));
}

}  // namespace tcpctl
