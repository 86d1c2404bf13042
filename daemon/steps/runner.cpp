// SPDX-License-Identifier: Apache-2.0
#include "steps/runner.hpp"

#include <algorithm>
#include <array>

#include "steps/sent_mask.hpp"

namespace tcpctl {
namespace {

constexpr std::size_t kSpare = 1024;  // capacity that a waiting run may hold on to

constexpr std::size_t kShown = 256;  // of what came instead

constexpr std::size_t kScannedAtOnce = 4096;
/// For each byte and pattern; RE2 takes about a tenth of it.
constexpr Duration kScanPause = std::chrono::nanoseconds{150};

/// How long more of a group may be on its way; longer than a lost segment of a near peer takes.
constexpr Duration kSettle = std::chrono::milliseconds{250};

bool sends(StepKind kind) { return kind == StepKind::send || kind == StepKind::send_bytes; }
bool expects(StepKind kind) { return kind == StepKind::expect || kind == StepKind::expect_bytes; }

std::string_view word_of(StepCause cause) {
  if (cause == StepCause::eof) return "L7EOF";
  return cause == StepCause::timeout ? "L7TOUT" : "L7RSP";
}

}  // namespace

std::string_view text(StepCause cause) {
  constexpr std::array<std::string_view, 5> kTexts{"mismatch", "eof", "reset", "overflow", "timeout"};
  return kTexts.at(static_cast<std::size_t>(cause));
}

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
  // What waits to be looked through came before. Who goes on behind the steps has nothing to go on with.
  if (running_ && (scan_waits_ || settles_at_) && !run_.keeps_rest) {
    lost_ = true;
    advance(now);
  }
  if (running_) fail(StepCause::reset, at_, now);
}

void StepRunner::on_timeout(Instant now) {
  if (!running_) return;
  advance(now);
  if (running_ && now >= step_deadline()) fail(StepCause::timeout, at_, now);
}

Instant StepRunner::step_deadline() const {
  return step().timeout ? std::min(deadline_, step_started_ + *step().timeout) : deadline_;
}

Instant StepRunner::step_end() const {
  return step().kind == StepKind::wait ? std::min(deadline_, step_started_ + step().wait) : step_deadline();
}

std::optional<StepRunner::Waiting> StepRunner::waits_in() const {
  if (!running_) return std::nullopt;
  return Waiting{static_cast<std::uint32_t>(at_ + 1), step().kind};
}

std::optional<Instant> StepRunner::deadline() const {
  if (!running_) return std::nullopt;
  if (pending_) return std::min(deadline_, step_started_);
  if (settles_at_ && !scan_waits_) return std::min(*settles_at_, step_end());
  return scan_waits_ ? std::min(next_scan_, step_end()) : step_end();
}

void StepRunner::advance(Instant now) {
  pending_ = waits_for_room_ = scan_waits_ = false;
  for (std::size_t taken = 0; running_; ++taken) {
    if (ended_between_rounds()) {
      finish(true, "L7OK", now);
      return;
    }
    pending_ = taken == kStepsPerCall;
    if (pending_ || take_step(now) != Progress::next) return;
    report(at_, true, now - step_started_);
    step_started_ = now;
    scanned_.reset();
    settles_at_.reset();
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
  captured_.clear();
  result_.steps.clear();
}

StepRunner::Progress StepRunner::take_step(Instant now) {
  switch (step().kind) {
    case StepKind::send:
    case StepKind::send_bytes:
      return take_send(now);
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
  fail(StepCause::mismatch, at_, now);  // it was to be refused, and it stands
  return Progress::failed;
}

StepRunner::Progress StepRunner::take_send(Instant now) {
  waits_for_room_ = output_.size() >= room_;
  if (waits_for_room_) return Progress::waits;
  if (step().insertions.empty()) {
    output_ += step().bytes;
  } else if (const auto text = text_to_send(); text.size() <= kStepWindow.count()) {
    output_ += text;
    note_sent(text);
  } else {
    fail(StepCause::overflow, at_, now, "what came makes a text to send of more than 64 KiB");
    return Progress::failed;
  }
  window_.erase(0, context_);  // an answer begins a line
  context_ = 0;
  return Progress::next;
}

StepRunner::Progress StepRunner::take_expect(Instant now) {
  std::optional<Pattern::Match> match;
  const bool is_settled = has_settled(now);
  if (is_settled || scan_is_due(now)) {
    match = find_expected();
    if (rejected(match ? match->begin : std::string::npos, now)) return Progress::failed;
    settles_at_.reset();
  }
  if (match && !is_settled && may_grow(*match)) {
    settles_at_ = now + kSettle;
    if (!has_settled(now)) return Progress::waits;
  }
  if (match && !capture(*match)) {
    fail(StepCause::overflow, at_, now, "groups of more than 64 KiB");
    return Progress::failed;
  }
  if (match) {
    consume(*match);
    armed_.clear();
    return Progress::next;
  }
  if (!eof_ && !window_is_full()) return Progress::waits;
  fail(eof_ ? StepCause::eof : StepCause::overflow, at_, now);
  return Progress::failed;
}

StepRunner::Progress StepRunner::take_expect_eof(Instant now) {
  if (scan_is_due(now) && rejected(std::string::npos, now)) return Progress::failed;
  if (eof_) {
    window_.clear();
    context_ = 0;
    return Progress::next;
  }
  if (window_is_full()) discard_lines();
  return Progress::waits;
}

StepRunner::Progress StepRunner::take_wait(Instant now) {
  if (scan_is_due(now) && rejected(std::string::npos, now)) return Progress::failed;
  if (now >= step_started_ + step().wait) return Progress::next;
  if (!window_is_full()) return Progress::waits;
  fail(StepCause::overflow, at_, now);
  return Progress::failed;
}

bool StepRunner::scan_is_due(Instant now) {
  const auto size = unread().size();
  const auto patterns = armed_.size() + (expects(step().kind) ? 1 : 0);
  if (scanned_ == size || patterns == 0) return false;
  const bool has_to_know = !scanned_ || eof_ || lost_ || window_is_full() || now >= step_end();
  const bool is_little = size <= kScannedAtOnce || size - *scanned_ >= *scanned_ / 8;
  scan_waits_ = !has_to_know && !is_little && now < next_scan_;
  if (scan_waits_) return false;
  next_scan_ = now + kScanPause * static_cast<Duration::rep>(size * patterns);
  scanned_ = size;
  ++scans_;
  return true;
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
    fail(StepCause::mismatch, armed, now);
    return true;
  }
  return false;
}

bool StepRunner::may_grow(Pattern::Match match) const {
  if (match.end < window_.size() || window_.ends_with('\n')) return false;
  const auto ends_last = [end = window_.data() + window_.size()](std::string_view group) {
    return !group.empty() && group.data() + group.size() == end;
  };
  return std::ranges::any_of(groups_of(match), ends_last);
}

bool StepRunner::has_settled(Instant now) const {
  if (!settles_at_ || scanned_ != unread().size()) return false;
  return eof_ || lost_ || window_is_full() || now >= std::min(*settles_at_, step_end());
}

std::vector<std::string_view> StepRunner::groups_of(Pattern::Match match) const {
  std::vector<std::size_t> numbers;
  for (const auto& [group, slot] : step().captures) numbers.push_back(group);
  if (numbers.empty()) return {};
  return step().pattern->groups(window_, match, numbers);
}

bool StepRunner::capture(Pattern::Match match) {
  const auto& captures = step().captures;
  if (captures.empty()) return true;
  const auto groups = groups_of(match);
  std::size_t total = 0;
  for (const auto& text : captured_) total += text.size();
  for (std::size_t i = 0; i < captures.size(); ++i) {
    const auto slot = captures[i].slot;
    total += groups[i].size();
    if (slot < captured_.size()) total -= captured_[slot].size();
  }
  if (total > kStepWindow.count()) return false;
  for (std::size_t i = 0; i < captures.size(); ++i) {
    captured_.resize(std::max(captured_.size(), captures[i].slot + 1));
    captured_[captures[i].slot] = groups[i];
  }
  return true;
}

/// Stops soon after it has become too long.
std::string StepRunner::text_to_send() const {
  std::string text;
  std::size_t from = 0;
  for (const auto& [at, slot] : step().insertions) {
    text.append(step().bytes, from, at - from);
    text += captured_.at(slot);
    from = at;
    if (text.size() > kStepWindow.count()) return text;
  }
  text.append(step().bytes, from);
  return text;
}

void StepRunner::note_sent(std::string_view text) {
  made_.append(text) += '\n';
  // By half, so that it is not moved for each text.
  if (made_.size() > kStepWindow.count())
    made_.erase(0, std::min(made_.size() - kStepWindow.count() / 2, made_.size() - text.size() - 1));
}

/// Of former rounds, too: their answers may be what came.
std::vector<std::string_view> StepRunner::all_sent() const {
  std::vector<std::string_view> sent{made_};
  const auto taken = rounds_taken_ > 0 ? steps_->size() : at_;
  for (std::size_t i = 0; i < taken; ++i) {
    const Step& one = steps_->at(i);
    if (sends(one.kind) && one.insertions.empty()) sent.emplace_back(one.bytes);
  }
  return sent;
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
  scanned_.reset();
}

void StepRunner::fail(StepCause cause, std::size_t failed, Instant now, std::string_view why) {
  const auto row = std::ranges::find(result_.steps, failed + 1, &StepReport::n);
  if (row != result_.steps.end()) {
    row->ok = false;  // a `reject` was taken, and holds on
  } else {
    report(failed, false, now - step_started_);
  }
  result_.failed_step = static_cast<std::uint32_t>(failed + 1);
  const Step& unmet = steps_->at(failed);
  const bool differs = unmet.kind == StepKind::expect_bytes && unread().size() >= unmet.bytes.size();
  result_.cause = differs ? StepCause::mismatch : cause;
  result_.got =
      why.empty() ? escaped(as_bytes(without_sent(unread(), all_sent(), kShown)), kShown) : std::string{why};
  finish(false, word_of(cause), now);
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
  if (success && run_.keeps_rest) rest_ = unread();
  window_ = {};
  context_ = 0;
  captured_ = {};
  made_ = {};
}

}  // namespace tcpctl
