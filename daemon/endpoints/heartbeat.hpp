// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/config.hpp"
#include "stats/histogram.hpp"
#include "stats/snapshot.hpp"
#include "steps/pattern.hpp"

namespace tcpctl {

/// What is counted of the heartbeats of all connections of a client.
struct HeartbeatStats {
  std::uint64_t sent{0}, answered{0}, missed{0};
  std::optional<Duration> last;  // how long the last answer took
  Histogram took;
  [[nodiscard]] HeartbeatRow row() const { return {sent, answered, missed, last, took.read()}; }
};

/// The heartbeat of one connection: when one is due, and what answers it. It has no socket and no clock.
///
/// An answer is a match in what comes after the heartbeat was sent, wherever in it; a match is looked for in
/// the last kWindow bytes and what has just come. Without a pattern any byte is one. Threads: one owner.
class Heartbeat {
 public:
  static constexpr std::size_t kWindow = 4096;

  /// The first one is due after an interval from `now`. `plan`, `answer` and `stats` outlive it.
  Heartbeat(const config::Heartbeat& plan, const std::optional<Pattern>& answer, HeartbeatStats& stats,
            Instant now);

  /// When the next one is to be sent, or the one that was is missed.
  [[nodiscard]] Instant due() const { return due_; }
  [[nodiscard]] bool is_waiting() const { return sent_at_.has_value(); }
  void sent(Instant now);
  /// Something came. Answers whether it is what was waited for.
  bool on_data(ByteView bytes, Instant now);
  /// The peer could not be heard so far: whatever is due is due later.
  void put_off(Instant now);
  struct Miss {
    Reason reason;
    std::string detail;
  };
  /// No answer came in time: dead_peer where nothing came at all, script_mismatch where something else did.
  [[nodiscard]] Miss missed();

 private:
  [[nodiscard]] bool answers(ByteView bytes);

  const config::Heartbeat& plan_;
  const std::optional<Pattern>& answer_;
  HeartbeatStats& stats_;
  Instant due_;
  std::optional<Instant> sent_at_;
  bool heard_{false};       // something, since it was sent
  std::string window_;      // what came since; the last of it
  std::size_t context_{0};  // 1 where the window begins within the stream: `^` must not match there
};

}  // namespace tcpctl
