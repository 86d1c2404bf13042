// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "steps/steps.hpp"

namespace tcpctl {

/// One step that was taken.
struct StepReport {
  std::uint32_t n;  // counts from 1
  StepKind kind;
  bool ok;
  Duration took;
};

/// How a run ended. `result` is one of HAProxy's check words, as far as steps decide it:
/// L4OK (no steps), L7OK, L7TOUT (deadline), L7RSP (something else came, or too much of it), L7EOF (the
/// peer's FIN came first), L4CON (refused).
struct StepsResult {
  bool success{false};
  std::string_view result;
  std::optional<std::uint32_t> failed_step;
  std::string got;  // what came instead: the first bytes that no step consumed, escaped
  Duration took{};
  std::vector<StepReport> steps;
};

/// Takes the steps of a probe, a health check or a script over one connection; it has no socket and no clock.
///
/// Its owner tells it what happens, with the moment; after each call it sends `take_output`, sees to it that
/// `on_timeout` comes at `deadline`, and stops when `finished`. Calls after that do nothing.
/// Memory: at most kStepWindow, plus what waits to be taken by `take_output`.
/// Threads: one owner.
class StepRunner {
 public:
  explicit StepRunner(Steps steps) : steps_{std::move(steps)} {}

  /// The connection stands; all steps have to be taken before `deadline`.
  void start(Instant now, Instant deadline);
  void on_refused(Instant now);  // instead of `start`
  void on_data(ByteView bytes, Instant now);
  void on_eof(Instant now);      // the peer's FIN
  void on_reset(Instant now);    // the connection was lost in any other way
  void on_timeout(Instant now);  // too early is harmless

  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  /// When `on_timeout` is to come: the end of a `wait`, or the deadline of all.
  [[nodiscard]] std::optional<Instant> deadline() const;
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const StepsResult& result() const { return result_; }

 private:
  enum class Progress { next, waits, failed };

  [[nodiscard]] const Step& step() const { return steps_->at(at_); }
  [[nodiscard]] std::string_view unread() const { return std::string_view{window_}.substr(context_); }
  void advance(Instant now);
  Progress take_step(Instant now);
  Progress take_expect(Instant now);
  Progress take_expect_eof(Instant now);
  Progress take_wait(Instant now);
  [[nodiscard]] std::optional<Pattern::Match> find_expected() const;
  /// Fails the run if an armed `reject` matches before `limit`.
  bool rejected(std::size_t limit, Instant now);
  void consume(Pattern::Match match);
  void discard_lines();
  [[nodiscard]] bool window_is_full() const { return unread().size() >= kStepWindow.count(); }
  void fail(std::string_view word, std::size_t failed, Instant now);
  void report(std::size_t step, bool ok, Duration took);
  void finish(bool success, std::string_view word, Instant now);

  const Steps steps_;
  Instant started_{};
  Instant step_started_{};
  Instant deadline_{};
  std::size_t at_{0};
  std::vector<std::size_t> armed_;  // the `reject` steps in force
  std::string window_;              // `context_` bytes that were consumed, then what was not
  std::size_t context_{0};          // 1 where the last match ended within a line: `^` must not match there
  std::string output_;
  bool eof_{false};
  bool finished_{false};
  bool running_{false};
  StepsResult result_;
};

}  // namespace tcpctl
