// SPDX-License-Identifier: Apache-2.0
#include "endpoints/heartbeat.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/units.hpp"

namespace tcpctl {

Heartbeat::Heartbeat(const config::Heartbeat& plan, const std::optional<Pattern>& answer,
                     HeartbeatStats& stats, Instant now)
    : plan_{plan}, answer_{answer}, stats_{stats}, due_{now + plan.interval} {}

void Heartbeat::sent(Instant now) {
  ++stats_.sent;
  sent_at_ = now;
  due_ = now + plan_.timeout;
  heard_ = false;
  context_ = 0;
}

bool Heartbeat::on_data(ByteView bytes, Instant now) {
  if (!sent_at_ || bytes.empty()) return false;
  heard_ = true;
  if (!answers(bytes)) return false;
  const Duration took = now - *sent_at_;
  ++stats_.answered;
  stats_.last = took;
  stats_.took.add(std::chrono::duration<double>(took).count());
  due_ = std::max(now, *sent_at_ + plan_.interval);
  sent_at_.reset();
  window_ = {};  // who waits for the next one keeps no memory
  return true;
}

bool Heartbeat::answers(ByteView bytes) {
  if (!answer_) return true;
  window_.append(bytes.data(), bytes.size());
  if (answer_->find(window_, context_)) return true;
  if (window_.size() > kWindow) {
    window_.erase(0, window_.size() - kWindow - 1);
    context_ = 1;
  }
  return false;
}

void Heartbeat::put_off(Instant now) { due_ = now + (sent_at_ ? plan_.timeout : plan_.interval); }

Heartbeat::Miss Heartbeat::missed() {
  ++stats_.missed;
  const auto waited = duration_text(plan_.timeout);
  if (!heard_) return {Reason::dead_peer, fmt::format("no answer to the heartbeat within {}", waited)};
  return {Reason::script_mismatch, fmt::format("what came within {} does not answer the heartbeat", waited)};
}

}  // namespace tcpctl
