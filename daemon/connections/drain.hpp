// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "engine/wheel.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The end of connections that nobody is in a hurry with: for the first half of its time they may end by
/// themselves, in the second half it closes them gracefully, spread over it, so that their peers do not all
/// come back at once. Who has not gone with that is reset after `close_timeout`, as always.
///
/// Who was on the way while the time ran out (accepted, or connecting) is closed within the minute after it.
/// Its beginning and its end are logged, and every ten seconds how many remain. Destruction ends it: who was
/// not told to close by then goes on. Threads: only on the wheel's loop.
class Drain final : private Deadline {
 public:
  struct Hooks {
    /// Closes, gracefully, each of the connections whose turn is before `share`, wherever they are; of those
    /// that were opened later than `by`, none.
    std::function<void(double share, Instant by)> close;
    std::function<std::uint64_t()> remaining;
  };

  /// `subject` for the log: "listener 'web'".
  Drain(Wheel& wheel, std::string subject, Duration time, Hooks hooks);

  /// When it is the connection's turn in the second half, 0 .. 1; by its number, so that nothing is to be
  /// remembered.
  [[nodiscard]] static double turn_of(ConnectionId id);

  [[nodiscard]] DrainRow row() const;
  /// Who is opened later than `by` has nothing to do with it: the name has become another's.
  void seal(Instant by) { by_ = std::min(by_, by); }
  /// All that there was to close has been told to.
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  void on_deadline() override;
  void tell(const char* event) const;
  void tell_progress(Instant at, std::uint64_t remaining);
  void close_rest(Instant at, std::uint64_t remaining);
  [[nodiscard]] Instant next(Instant at) const;

  Wheel& wheel_;
  const std::string subject_;
  const Hooks hooks_;
  const Instant began_{now()}, half_, until_;
  const WallTime began_at_{wall_now()};
  Instant next_word_;
  Instant by_{Instant::max()};
  bool is_done_{false};     // none remained
  bool has_closed_{false};  // all of them were told to
  bool is_over_{false};
};

}  // namespace tcpctl
