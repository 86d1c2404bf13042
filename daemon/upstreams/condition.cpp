// SPDX-License-Identifier: Apache-2.0
#include "upstreams/condition.hpp"

#include <utility>

namespace tcpctl {
namespace {

std::string not_checked_yet(const HealthRules& rules) {
  return rules.is_checked ? "not checked yet" : "no health check is configured";
}

}  // namespace

void Condition::set(const HealthRules& rules) {
  const bool was_checked = std::exchange(rules_, rules).is_checked;
  if (cause_.empty() || (state_ == OperationalState::up && was_checked != rules.is_checked))
    cause_ = not_checked_yet(rules);
  if (rules.is_checked && !was_checked && state_ == OperationalState::up) await_first_check();
  // Without checks only time brings it back.
  if (state_ == OperationalState::down && !rules.is_checked && !due_) due_ = Instant{};
  if (rules.is_checked) due_.reset();
}

void Condition::await_first_check() {
  unseen_ = true;
  bad_ = rules_.fall > 0 ? rules_.fall - 1 : 0;
}

void Condition::go(OperationalState state, std::string cause) {
  state_ = state;
  cause_ = std::move(cause);
  unseen_ = false;
  good_ = bad_ = 0;
  failures_ = 0;
  due_.reset();
}

void Condition::on_check(bool good, const std::string& words) {
  if (state_ == OperationalState::unknown) return;
  good_ = good ? good_ + 1 : 0;
  bad_ = good ? 0 : bad_ + 1;
  const bool is_up = state_ == OperationalState::up;
  if (is_up && bad_ >= rules_.fall) {
    go(OperationalState::down, words);
  } else if (!is_up && good_ >= rules_.rise) {
    go(OperationalState::up, words);
  } else if (is_up && good && unseen_) {
    cause_ = words;
  }
  unseen_ = false;
}

void Condition::on_failures(std::uint64_t failures, const std::string& words, Instant now) {
  if (rules_.fail_after == 0 || state_ != OperationalState::up) return;
  failures_ += failures;
  if (failures_ < rules_.fail_after) return;
  go(OperationalState::down, words);
  if (!rules_.is_checked) due_ = now + rules_.fail_for;
}

void Condition::on_time(Instant now) {
  if (!due_ || now < *due_) return;
  go(OperationalState::up, "its time after failures is over");
  // It is on trial: one more failure, and it is down again.
  if (rules_.fail_after > 0) failures_ = rules_.fail_after - 1;
}

void Condition::suspend() { go(OperationalState::unknown, "not looked at in maintenance"); }

void Condition::resume() {
  if (state_ != OperationalState::unknown) return;
  go(OperationalState::up, "back from maintenance, " + not_checked_yet(rules_));
  await_first_check();
  if (rules_.fail_after > 0) failures_ = rules_.fail_after - 1;
}

}  // namespace tcpctl
