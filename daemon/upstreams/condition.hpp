// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// When an upstream is taken for down, and for up again.
struct HealthRules {
  bool is_checked{false};       // there are active checks
  std::uint32_t rise{2};        // good checks in a row that bring it back
  std::uint32_t fall{3};        // bad ones that take it out
  std::uint32_t fail_after{0};  // failed sessions in a row that take it out; 0 = they do not
  Duration fail_for{};          // how long, where nothing checks it
  friend bool operator==(const HealthRules&, const HealthRules&) = default;
};

/// Whether an upstream is up, by what checks and sessions met. It is up until something says otherwise; the
/// first check decides alone.
///
/// No clock and no I/O: its owner tells it what happens, and calls `on_time` at `due`.
/// Threads: one owner.
class Condition {
 public:
  explicit Condition(const HealthRules& rules) { set(rules); }

  /// Other rules; what is known of it stays.
  void set(const HealthRules& rules);

  /// A check ended; `words` says how: "L4OK in 0.4 ms".
  void on_check(bool good, const std::string& words);
  /// `failures` sessions failed one after the other, since the last call.
  void on_failures(std::uint64_t failures, const std::string& words, Instant now);
  /// A session went well.
  void on_good_session() { failures_ = 0; }
  void on_time(Instant now);
  /// Nobody looks any more, on the operator's wish; and again somebody does: it counts as up, and the first
  /// thing that is seen decides.
  void suspend();
  void resume();

  [[nodiscard]] OperationalState state() const { return state_; }
  /// Of the last change of the state, or what confirmed the first one.
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] std::optional<Instant> due() const { return due_; }

 private:
  void go(OperationalState state, std::string cause);
  void await_first_check();

  HealthRules rules_;
  OperationalState state_{OperationalState::up};
  std::string cause_;
  bool unseen_{true};               // no check has said anything of the state
  std::uint32_t good_{0}, bad_{0};  // checks in a row
  std::uint64_t failures_{0};       // sessions in a row
  std::optional<Instant> due_;      // the end of `fail_for`
};

}  // namespace tcpctl
