// SPDX-License-Identifier: Apache-2.0
#include "steps/runner.hpp"

#include <algorithm>

namespace tcpctl {
namespace {

constexpr std::size_t kSpare = 1024;  // capacity that a waiting run may hold on to

}  // namespace

void StepRunner::start(Instant now, Instant deadline) {
  if (finished_ || running_) return;
  running_ = true;
  started_ = step_started_ = now;
  deadline_ = deadline;
  if (steps_->empty()) {
    finish(true, "L4OK", now);
  } else {
    advance(now);
  }
}

void StepRunner::on_refused(Instant now) {
  if (finished_ || running_) return;
  started_ = step_started_ = now;
  if (!steps_->empty() && step().kind == StepKind::expect_refused) {
    report(0, true, {});
    finish(true, "L7OK", now);
  } else {
    finish(false, "L4CON", now);
  }
}

std::size_t StepRunner::on_data(ByteView bytes, Instant now) {
  if (running_ && pending_) advance(now);
  std::size_t taken = 0;
  while (running_ && taken < bytes.size()) {
    const std::size_t space = kStepWindow.count() - unread().size();
    if (space == 0) break;  // a step that waits for data fails or throws some away, so none does
    const auto piece = bytes.subspan(taken, std::min(bytes.size() - taken, space));
    window_.append(piece.data(), piece.size());
    taken += piece.size();
    if (!pending_) advance(now);
  }
  // Who waits for the next question keeps no room for the last one.
  if (window_.size() <= kSpare && window_.capacity() > 2 * kSpare) window_.shrink_to_fit();
  return running_ ? taken : bytes.size();
}

void StepRunner::on_eof(Instant now) {
  eof_ = true;
  if (running_) advance(now);
}

void StepRunner::on_reset(Instant now) {
  if (running_) fail("L7RSP", at_, now);
}

void StepRunner::on_timeout(Instant now) {
  if (!running_) return;
  advance(now);
  if (running_ && now >= deadline_) fail("L7TOUT", at_, now);
}

std::optional<Instant> StepRunner::deadline() const {
  if (!running_) return std::nullopt;
  if (pending_) return std::min(deadline_, step_started_);
  if (step().kind == StepKind::wait) return std::min(deadline_, step_started_ + step().wait);
  return deadline_;
}

void StepRunner::advance(Instant now) {
  pending_ = waits_for_room_ = false;
  for (std::size_t taken = 0; running_; ++taken) {
    if (ended_between_rounds()) {
      finish(true, "L7OK", now);
      return;
    }
    pending_ = taken == kStepsPerCall;
    if (pending_ || take_step(now) != Progress::next) return;
    report(at_, true, now - step_started_);
    step_started_ = now;
    if (++at_ == steps_->size()) next_round(now);
  }
}

void StepRunner::next_round(Instant now) {
  if (++rounds_taken_ == run_.rounds) {
    finish(true, "L7OK", now);
    return;
  }
  at_ = 0;
  armed_.clear();
  result_.steps.clear();
}

StepRunner::Progress StepRunner::take_step(Instant now) {
  switch (step().kind) {
    case StepKind::send:
    case StepKind::send_bytes:
      return take_send();
    case StepKind::expect:
    case StepKind::expect_bytes:
      return take_expect(now);
    case StepKind::reject:
      armed_.push_back(at_);
      return Progress::next;
    case StepKind::expect_eof:
      return take_expect_eof(now);
    case StepKind::expect_refused:
      break;
    case StepKind::wait:
      return take_wait(now);
    case StepKind::close:
      ends_sending_ = true;
      return Progress::next;
    case StepKind::reset:
      resets_ = true;
      return Progress::next;
  }
  fail("L7RSP", at_, now);  // it was to be refused, and it stands
  return Progress::failed;
}

StepRunner::Progress StepRunner::take_send() {
  waits_for_room_ = output_.size() >= room_;
  if (waits_for_room_) return Progress::waits;
  output_ += step().bytes;
  window_.erase(0, context_);  // an answer begins a line
  context_ = 0;
  return Progress::next;
}

StepRunner::Progress StepRunner::take_expect(Instant now) {
  const auto match = find_expected();
  if (rejected(match ? match->begin : std::string::npos, now)) return Progress::failed;
  if (match) {
    consume(*match);
    armed_.clear();
    return Progress::next;
  }
  if (!eof_ && !window_is_full()) return Progress::waits;
  fail(eof_ ? "L7EOF" : "L7RSP", at_, now);
  return Progress::failed;
}

StepRunner::Progress StepRunner::take_expect_eof(Instant now) {
  if (rejected(std::string::npos, now)) return Progress::failed;
  if (eof_) {
    window_.clear();
    context_ = 0;
    return Progress::next;
  }
  if (window_is_full()) discard_lines();
  return Progress::waits;
}

StepRunner::Progress StepRunner::take_wait(Instant now) {
  if (rejected(std::string::npos, now)) return Progress::failed;
  if (now >= step_started_ + step().wait) return Progress::next;
  if (!window_is_full()) return Progress::waits;
  fail("L7RSP", at_, now);
  return Progress::failed;
}

std::optional<Pattern::Match> StepRunner::find_expected() const {
  if (step().kind == StepKind::expect) return step().pattern->find(window_, context_);
  const auto begin = window_.find(step().bytes, context_);
  if (begin == std::string::npos) return std::nullopt;
  return Pattern::Match{begin, begin + step().bytes.size()};
}

bool StepRunner::rejected(std::size_t limit, Instant now) {
  for (const auto armed : armed_) {
    const auto match = steps_->at(armed).pattern->find(window_, context_);
    if (!match || match->begin >= limit) continue;
    fail("L7RSP", armed, now);
    return true;
  }
  return false;
}

void StepRunner::consume(Pattern::Match match) {
  // A match that ends in LF is at the end of its line already.
  const bool at_line_end = match.end > match.begin && window_.at(match.end - 1) == '\n';
  const auto line_end = at_line_end ? match.end - 1 : window_.find('\n', match.end);
  const auto end = line_end == std::string::npos ? match.end : line_end + 1;
  const bool within_line = line_end == std::string::npos && end > 0;
  context_ = within_line ? 1 : 0;
  window_.erase(0, end - context_);
}

void StepRunner::discard_lines() {
  const auto last = window_.rfind('\n');
  window_.erase(0, last == std::string::npos || last < context_ ? window_.size() : last + 1);
  context_ = 0;
}

void StepRunner::fail(std::string_view word, std::size_t failed, Instant now) {
  const auto row = std::ranges::find(result_.steps, failed + 1, &StepReport::n);
  if (row != result_.steps.end()) {
    row->ok = false;  // a `reject` was taken, and holds on
  } else {
    report(failed, false, now - step_started_);
  }
  result_.failed_step = static_cast<std::uint32_t>(failed + 1);
  result_.got = escaped(as_bytes(unread()));
  finish(false, word, now);
}

void StepRunner::report(std::size_t step, bool ok, Duration took) {
  if (!run_.reports) return;
  result_.steps.push_back(
      {.n = static_cast<std::uint32_t>(step + 1), .kind = steps_->at(step).kind, .ok = ok, .took = took});
}

void StepRunner::finish(bool success, std::string_view word, Instant now) {
  running_ = false;
  finished_ = true;
  result_.success = success;
  result_.result = word;
  result_.took = now - started_;
  window_ = {};
}

}  // namespace tcpctl
