// SPDX-License-Identifier: Apache-2.0
#include "app/watchdog.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "engine/thread.hpp"

namespace tcpctl {
namespace {

constexpr int kLooks = 8;  // within one interval

}  // namespace

Watchdog::Watchdog(std::vector<Watched> watched, Duration interval, std::function<void()> feed)
    : interval_{interval}, feed_{std::move(feed)} {
  for (auto& one : watched) beats_.push_back({std::move(one)});
  loop_->post([this] { on_deadline(); });
  thread_ = named_thread(loop_->name(), [this] { loop_->run(); });
}

Watchdog::~Watchdog() {
  loop_->stop();
  thread_.join();
}

void Watchdog::on_deadline() {
  const bool all_turn = std::ranges::all_of(beats_, &Beat::is_answered);
  if (all_turn) feed_();
  for (std::size_t i = 0; i < beats_.size(); ++i) {
    if (beats_[i].is_answered) {
      ask(i);
    } else {
      judge(beats_[i]);
    }
  }
  wheel_.set(*this, now() + interval_ / kLooks);
}

void Watchdog::ask(std::size_t which) {
  Beat& beat = beats_[which];
  beat.is_answered = false;
  beat.asked = now();
  // The answer may come when this is gone: then its loop runs no more.
  beat.watched.post([this, which, loop = loop_] {
    loop->post([this, which] {
      Beat& answered = beats_[which];
      answered.is_answered = true;
      if (std::exchange(answered.is_told, false))
        log::warn("watchdog.recovered", log::f("loop", answered.watched.name));
    });
  });
}

void Watchdog::judge(Beat& beat) const {
  if (beat.is_told || now() - beat.asked < interval_ / 2) return;
  beat.is_told = true;
  log::error(
      "watchdog.stuck", log::f("loop", beat.watched.name),
      log::f("effect", "it does not turn, so the watchdog is not fed; systemd ends and restarts tcpctld"));
}

}  // namespace tcpctl
