// SPDX-License-Identifier: Apache-2.0
#include "steps/steps.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "steps/text_template.hpp"

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

constexpr std::array kLoginKinds{StepKind::send,         StepKind::send_bytes, StepKind::expect,
                                 StepKind::expect_bytes, StepKind::reject,     StepKind::wait};

constexpr std::array kKeys{
    Key{.path = "steps[].send",
        .type = KeyType::text,
        .min = 1,
        .max = kLongestText,
        .secret = true,
        .help = "Send this text; nothing is added; ${1} or ${name} is a group of an expect before"},
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
    Key{.path = "steps[].timeout",
        .type = KeyType::duration,
        .min = 1'000'000,
        .help = "How long this expect, expect_bytes or expect_eof may take; default as long as all steps"},
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
  return Step{.kind = kind, .bytes = element.text(text(kind))};
}

tl::expected<Step, Mistake> read_pattern(const OptionReader& element, StepKind kind) {
  const auto pattern = Pattern::compile(element.text(text(kind)));
  if (!pattern) return wrong(element, text(kind), pattern.error().what);
  return Step{.kind = kind, .pattern = *pattern};
}

tl::expected<Step, Mistake> read_flag(const OptionReader& element, StepKind kind) {
  if (!element.boolean(text(kind))) {
    return wrong(element, text(kind),
                 fmt::format("'{}' can only be true; or leave the step out", text(kind)));
  }
  return Step{.kind = kind};
}

tl::expected<Step, Mistake> read_kind(const OptionReader& element) {
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
  return Step{.kind = *kind, .wait = element.duration("wait")};
}

bool waits_for_peer(StepKind kind) {
  return kind == StepKind::expect || kind == StepKind::expect_bytes || kind == StepKind::expect_eof;
}

tl::expected<Step, Mistake> read_step(const OptionReader& element) {
  auto step = read_kind(element);
  if (!step) return step;
  step->timeout = element.maybe_duration("timeout");
  if (step->timeout && !waits_for_peer(step->kind)) {
    return wrong(element, "timeout",
                 fmt::format("'{}' waits for nobody; a timeout is for expect, expect_bytes and expect_eof",
                             text(step->kind)));
  }
  return step;
}

bool waits_for_data(const Step& step) { return waits_for_peer(step.kind) || step.kind == StepKind::wait; }

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

/// Has the last `expect` before step `i` that has the group keep it, in a slot of its own.
std::optional<std::size_t> slot_of(std::vector<Step>& steps, std::size_t i, std::string_view group,
                                   std::size_t& slots) {
  while (i-- > 0) {
    if (steps.at(i).kind != StepKind::expect) continue;
    const auto number = steps.at(i).pattern->group(group);
    if (!number) continue;
    auto& captures = steps.at(i).captures;
    const auto kept = std::ranges::find(captures, *number, &Capture::group);
    if (kept != captures.end()) return kept->slot;
    captures.push_back({*number, slots});
    return slots++;
  }
  return std::nullopt;
}

/// Makes a template of the text of step `i`, which sends.
std::optional<std::string> insert_groups(std::vector<Step>& steps, std::size_t i, std::size_t& slots) {
  auto parsed = TextTemplate::parse(steps.at(i).bytes);
  if (!parsed) return std::move(parsed).error().what;
  steps.at(i).bytes = std::move(parsed->literal);
  std::size_t count = 0;
  for (const auto& reference : parsed->references) {
    ++count;
    const auto slot = slot_of(steps, i, reference.group, slots);
    if (!slot) {
      // Not its name, which may be a part of a secret.
      return fmt::format("the {}. '${{' refers to a group of no expect before; write '$${{' for '${{' itself",
                         count);
    }
    steps.at(i).insertions.push_back({reference.at, *slot});
  }
  return std::nullopt;
}

/// Of the steps as they stand beside each other.
Mistakes judge_order(const std::vector<OptionReader>& elements, std::vector<Step>& steps, StepsFor whom) {
  Mistakes mistakes;
  std::size_t slots = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto what = misplaced(steps, i, whom);
    if (!what && steps.at(i).kind == StepKind::send) what = insert_groups(steps, i, slots);
    if (what) mistakes.push_back(elements.at(i).mistake(text(steps.at(i).kind), *std::move(what)));
  }
  return mistakes;
}

}  // namespace

std::string_view text(StepKind kind) { return kKindTexts.at(static_cast<std::size_t>(kind)); }

std::span<const Key> step_keys() { return kKeys; }

std::span<const Key> login_keys() {
  static const auto paths = [] {
    std::vector<std::string> made;
    for (const auto kind : kLoginKinds) made.push_back(fmt::format("login[].{}", text(kind)));
    made.emplace_back("login[].timeout");
    return made;
  }();
  static const auto keys = [] {
    std::vector<Key> made;
    for (const auto& path : paths) {
      const auto name = path.substr(path.find('.'));
      made.push_back(*std::ranges::find(kKeys, fmt::format("steps[]{}", name), &Key::path));
      made.back().path = path;
    }
    return made;
  }();
  return keys;
}

tl::expected<Steps, Mistakes> parse_steps(const OptionReader& owner, StepsFor whom) {
  const std::string_view array = whom == StepsFor::login ? "login" : "steps";
  const auto elements = owner.elements(array);
  const auto most = whom == StepsFor::script ? kMostScriptSteps : kMostSteps;
  if (elements.size() > most) {
    return tl::make_unexpected(
        Mistakes{owner.mistake(array, fmt::format("{} steps; at most {}", elements.size(), most))});
  }
  static const Steps none = std::make_shared<const std::vector<Step>>();  // thousands of clients have none
  std::vector<Step> steps;
  Mistakes mistakes;
  for (const auto& element : elements) {
    if (auto step = read_step(element)) {
      steps.push_back(*std::move(step));
    } else {
      mistakes.push_back(std::move(step).error());
    }
  }
  if (mistakes.empty()) mistakes = judge_order(elements, steps, whom);
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  if (steps.empty()) return none;
  return std::make_shared<const std::vector<Step>>(std::move(steps));
}

}  // namespace tcpctl
