// SPDX-License-Identifier: Apache-2.0
#include "connections/drain.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

constexpr int kSteps = 32;  // each walks over all connections
constexpr Duration kWord = 10s;
constexpr Duration kLookAgain = 1s;
constexpr Duration kLookFor = 1min;

}  // namespace

double Drain::turn_of(ConnectionId id) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;  // spreads numbers that follow each other
  constexpr int kUsed = 32;
  const std::uint64_t mixed = static_cast<std::uint64_t>(id) * kGolden;
  return static_cast<double>(mixed >> kUsed) / static_cast<double>(std::uint64_t{1} << kUsed);
}

Drain::Drain(Wheel& wheel, std::string subject, Duration time, Hooks hooks)
    : wheel_{wheel},
      subject_{std::move(subject)},
      hooks_{std::move(hooks)},
      half_{began_ + time / 2},
      until_{began_ + time},
      next_word_{began_ + kWord} {
  tell("drain.begun");
  wheel_.set(*this, time > Duration{0} ? next(began_) : began_);
}

DrainRow Drain::row() const {
  return {began_at_, began_at_ + std::chrono::floor<WallTime::duration>(until_ - began_)};
}

void Drain::tell(const char* event) const {
  log::info(event, log::f("of", subject_), log::f("remaining", hooks_.remaining()),
            log::f("time", duration_text(until_ - began_)));
}

void Drain::tell_progress(Instant at, std::uint64_t remaining) {
  if (remaining == 0 && !std::exchange(is_done_, true)) tell("drain.done");
  if (at < next_word_) return;
  next_word_ = at + kWord;
  if (remaining > 0) tell("drain.waiting");
}

Instant Drain::next(Instant at) const {
  if (at < half_) return std::min(half_, next_word_);
  if (at >= until_) return at + kLookAgain;
  return std::min(until_, at + (until_ - half_) / kSteps);
}

void Drain::on_deadline() {
  const Instant at = now();
  const auto remaining = hooks_.remaining();
  tell_progress(at, remaining);
  if (at >= until_) {
    close_rest(at, remaining);
  } else if (at >= half_) {
    hooks_.close(std::chrono::duration<double>(at - half_) / (until_ - half_), by_);
  }
  if (!is_over_) wheel_.set(*this, next(at));
}

void Drain::close_rest(Instant at, std::uint64_t remaining) {
  hooks_.close(1, by_);
  if (!std::exchange(has_closed_, true) && remaining > 0) tell("drain.over");
  is_over_ = remaining == 0 || at >= until_ + kLookFor;
}

}  // namespace tcpctl
