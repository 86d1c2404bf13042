// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
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

/// Why a step failed: something else came; the peer's FIN came first; the connection was lost, or it came too
/// much, or nothing in time.
enum class StepCause : std::uint8_t { mismatch, eof, reset, overflow, timeout };
[[nodiscard]] std::string_view text(StepCause cause);

/// How a run ended. `result` is one of HAProxy's check words, as far as steps decide it:
/// L4OK (no steps), L7OK, L7TOUT (deadline), L7RSP (something else came, or too much of it), L7EOF (the
/// peer's FIN came first), L4CON (refused).
struct StepsResult {
  bool success{false};
  std::string_view result;
  std::optional<std::uint32_t> failed_step;
  // Of `failed_step`. A mismatch of `expect_bytes`: as many bytes came, however it ended then.
  std::optional<StepCause> cause;
  // What came instead: the first bytes that no step consumed, escaped, with "<sent>" for what the peer only
  // sent back; or what was too long.
  std::string got;
  Duration took{};
  std::vector<StepReport> steps;
};

/// How steps are taken.
struct StepRun {
  std::uint64_t rounds{1};  // 0 = again and again, until the peer's FIN comes between two rounds
  bool reports{true};       // keep StepsResult::steps, of the last round
  bool keeps_rest{false};   // for `take_rest`
};

/// Takes the steps of a probe, a health check or a script over one connection; it has no socket and no clock.
///
/// Its owner tells it what happens, with the moment; after each call it sends `take_output`, then FIN if
/// `ends_sending`, sees to it that `on_timeout` comes at `deadline`, and stops when `finished`: then with an
/// RST if `wants_reset`. Calls after that do nothing. However many steps nobody has to wait for, a call takes
/// no more than kStepsPerCall; the rest is due at once. What came is looked through at once while it is
/// little; else once it has grown by an eighth, or after a pause that makes looking a tenth of the time at
/// most: so that a peer that sends byte by byte is no load. Memory: at most kStepWindow, plus what waits to
/// be taken by `take_output`: one step's, and the room; of what was captured as much as a window, and of what
/// was made of it. Threads: one owner.
class StepRunner {
 public:
  static constexpr std::size_t kStepsPerCall = kMostScriptSteps;

  explicit StepRunner(Steps steps, StepRun run = {}) : steps_{std::move(steps)}, run_{run} {}

  /// From now on `send` steps wait while that much output is to be taken; `on_timeout` goes on with them.
  void set_room(std::size_t bytes) { room_ = bytes; }

  /// The peer has this as well, which is not shown either where it only comes back.
  void note_sent(std::string_view text);
  /// The connection stands; all steps have to be taken before `deadline`.
  void start(Instant now, Instant deadline);
  void on_refused(Instant now);  // instead of `start`
  /// Answers how many of `bytes` were taken: all, but while steps wait for room or for their next call.
  std::size_t on_data(ByteView bytes, Instant now);
  void on_eof(Instant now);      // the peer's FIN
  void on_reset(Instant now);    // the connection was lost in any other way
  void on_timeout(Instant now);  // too early is harmless

  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] bool waits_for_room() const { return running_ && waits_for_room_; }
  [[nodiscard]] bool ends_sending() const { return ends_sending_; }
  [[nodiscard]] bool wants_reset() const { return finished_ && resets_; }
  /// When `on_timeout` is to come: the end of a `wait`, the deadline of all, or at once (a moment in the
  /// past).
  [[nodiscard]] std::optional<Instant> deadline() const;
  [[nodiscard]] bool finished() const { return finished_; }
  /// How many bytes `on_data` has room for; those of a piece no longer than that are all taken, be it by the
  /// rest.
  [[nodiscard]] std::size_t space() const { return kStepWindow.count() - unread().size(); }
  /// What came behind the last match of a run that was a success.
  [[nodiscard]] std::string take_rest() { return std::exchange(rest_, {}); }
  /// The step that is waited in, from 1 on, and its kind.
  struct Waiting {
    std::uint32_t n;
    StepKind kind;
  };
  [[nodiscard]] std::optional<Waiting> waits_in() const;
  /// Steps that are over are there at once; the rest when it has finished.
  [[nodiscard]] const StepsResult& result() const { return result_; }
  /// How often the bytes that came were looked through.
  [[nodiscard]] std::uint64_t scans() const { return scans_; }

 private:
  enum class Progress { next, waits, failed };

  [[nodiscard]] const Step& step() const { return steps_->at(at_); }
  [[nodiscard]] std::string_view unread() const { return std::string_view{window_}.substr(context_); }
  void advance(Instant now);
  void next_round(Instant now);
  Progress take_step(Instant now);
  Progress take_send(Instant now);
  Progress take_expect(Instant now);
  Progress take_expect_eof(Instant now);
  Progress take_wait(Instant now);
  /// Is it time to look through what came? A step that has to know is always told so.
  bool scan_is_due(Instant now);
  [[nodiscard]] std::optional<Pattern::Match> find_expected() const;
  /// Fails the run if an armed `reject` matches before `limit`.
  bool rejected(std::size_t limit, Instant now);
  /// A group that is to be sent and ends where all ends that came so far: more of it may be on its way.
  [[nodiscard]] bool may_grow(Pattern::Match match) const;
  /// What may grow has not, and need not be waited for any longer.
  [[nodiscard]] bool has_settled(Instant now) const;
  [[nodiscard]] std::vector<std::string_view> groups_of(Pattern::Match match) const;
  /// Keeps the groups that later steps want; false where they are too long.
  bool capture(Pattern::Match match);
  [[nodiscard]] std::string text_to_send() const;
  [[nodiscard]] std::vector<std::string_view> all_sent() const;
  void consume(Pattern::Match match);
  void discard_lines();
  /// Between two rounds the peer may go as it likes.
  [[nodiscard]] bool ended_between_rounds() const {
    return eof_ && at_ == 0 && rounds_taken_ > 0 && unread().empty();
  }
  /// When the step fails, or a `wait` is over.
  [[nodiscard]] Instant step_end() const;
  [[nodiscard]] Instant step_deadline() const;
  [[nodiscard]] bool window_is_full() const { return unread().size() >= kStepWindow.count(); }
  void fail(StepCause cause, std::size_t failed, Instant now, std::string_view why = {});
  void report(std::size_t step, bool ok, Duration took);
  void finish(bool success, std::string_view word, Instant now);

  const Steps steps_;
  const StepRun run_;
  std::uint64_t rounds_taken_{0};
  std::size_t room_{std::numeric_limits<std::size_t>::max()};
  Instant started_{};
  Instant step_started_{};
  Instant deadline_{};
  std::size_t at_{0};
  std::vector<std::size_t> armed_;     // the `reject` steps in force
  std::string window_;                 // `context_` bytes that were consumed, then what was not
  std::size_t context_{0};             // 1 where the last match ended within a line: `^` must not match there
  std::vector<std::string> captured_;  // by slot
  std::string made_;  // the texts that were made of it and sent, the last of them; a line each
  std::optional<std::size_t> scanned_;  // how much the step at `at_` has looked through in vain
  std::optional<Instant> settles_at_;   // a match that may grow is taken then, if nothing more came
  Instant next_scan_{};
  bool scan_waits_{false};  // for `next_scan_`
  std::uint64_t scans_{0};
  std::string rest_;
  std::string output_;
  bool eof_{false};
  bool lost_{false};
  bool waits_for_room_{false};
  bool pending_{false};  // steps are left that wait for nothing
  bool ends_sending_{false};
  bool resets_{false};
  bool finished_{false};
  bool running_{false};
  StepsResult result_;
};

}  // namespace tcpctl
