// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "config/options.hpp"
#include "steps/pattern.hpp"

namespace tcpctl {

/// How much of what was received a step can look at; beyond it the step fails.
inline constexpr Bytes kStepWindow = 64_KiB;
inline constexpr std::size_t kMostSteps = 100;          // of a probe or a health check
inline constexpr std::size_t kMostScriptSteps = 1'000;  // of a service

/// The kinds of steps, each named as its key.
///
///   send, send_bytes      send text, or bytes in hex; nothing is added
///   expect, expect_bytes  wait until a pattern matches, or bytes come; what came up to the end of that line
///                         is consumed (up to the match, where no LF has come)
///   reject                from here to the next expect that is met, what matches before it is a failure
///   expect_eof            wait for the peer's FIN; what comes before it is thrown away
///   expect_refused        the connection is to be refused; it is the only step then
///   wait                  let time pass
///   close                 send FIN; what comes can still be read, nothing more can be sent
///   reset                 send RST once the peer has what was sent; the last step
#define TCPCTL_STEP_KINDS(X) \
  X(send)                    \
  X(send_bytes)              \
  X(expect)                  \
  X(expect_bytes)            \
  X(reject)                  \
  X(expect_eof)              \
  X(expect_refused)          \
  X(wait)                    \
  X(close)                   \
  X(reset)
enum class StepKind : std::uint8_t {
#define X(name) name,
  TCPCTL_STEP_KINDS(X)
#undef X
};
[[nodiscard]] std::string_view text(StepKind kind);

/// What an `expect` matched that a later `send` sends: each such group of a run has a slot.
struct Capture {
  std::size_t group;
  std::size_t slot;
  friend bool operator==(const Capture&, const Capture&) = default;
};
struct Insertion {
  std::size_t at;  // in the step's bytes
  std::size_t slot;
  friend bool operator==(const Insertion&, const Insertion&) = default;
};

struct Step {
  StepKind kind;
  std::string bytes{};                  // send, send_bytes, expect_bytes
  std::optional<Pattern> pattern{};     // expect, reject
  Duration wait{};                      // wait
  std::optional<Duration> timeout{};    // of steps that wait for the peer; none = as long as the run may take
  std::vector<Capture> captures{};      // expect: what later steps want of it
  std::vector<Insertion> insertions{};  // send: in the order of the text
  friend bool operator==(const Step&, const Step&) = default;
};

/// Steps as configured; shared by all that run them, on any thread.
using Steps = std::shared_ptr<const std::vector<Step>>;

/// The keys of the array `steps`, relative to the table that holds it: "steps[].send" …
[[nodiscard]] std::span<const config::Key> step_keys();

/// The keys of the array `login`, relative as well: those steps behind which the connection goes on.
[[nodiscard]] std::span<const config::Key> login_keys();

/// Who takes the steps: a probe or a health check, which connects; a script, with what it accepted; or a
/// client that logs in, and then goes on.
enum class StepsFor : std::uint8_t { check, script, login };

/// Reads the array `steps` of `owner`, or `login`; an empty one if it is not written.
/// Errors: all of them at once: no kind or two in a step, a pattern that is none, a reference to a group that
/// no step before has, a timeout where nothing is waited for, steps that cannot be met.
[[nodiscard]] tl::expected<Steps, config::Mistakes> parse_steps(const config::OptionReader& owner,
                                                                StepsFor whom = StepsFor::check);

}  // namespace tcpctl
