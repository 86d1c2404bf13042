// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>

#include "base/token_bucket.hpp"
#include "base/units.hpp"
#include "connections/worker.hpp"
#include "engine/wheel.hpp"
#include "stats/party.hpp"

namespace tcpctl {

class Connection;
class Throttle;

/// The bandwidth that all connections of a listener share, in one direction, as one worker sees it.
///
/// What the others take shows in the listener's counters, so that the workers need not talk: each gives out
/// what nobody has taken yet. All of them together may be ahead of the rate by a turn each, which is waited
/// off. Those who wait get a share in the order in which they came. Threads: only on the worker's loop.
class SharedRate : private Deadline {
 public:
  SharedRate(Worker& worker, std::shared_ptr<const PartyStats> stats, Counter PartyShare::* moved,
             Bytes rate);

 private:
  friend class Throttle;
  using Queue = std::list<Throttle*>;
  [[nodiscard]] std::size_t allowance(Throttle& throttle);
  void refresh();
  void wake_after(Duration wait);
  void on_deadline() override;

  Worker& worker_;
  const std::shared_ptr<const PartyStats> stats_;
  Counter PartyShare::* const moved_;
  const double rate_;
  const std::size_t share_;  // of one who waited
  TokenBucket bucket_;
  std::uint64_t seen_;  // of `moved_`
  Queue waiting_;
};

/// One direction of a connection whose bytes a second are limited, by leaving the rest in the kernel.
///
/// After a pause, a tenth of a second's bytes may go at once. Threads: only on the connection's loop.
class Throttle : private Deadline {
 public:
  /// `rate`: of this connection alone; `shared` may be null.
  Throttle(Worker& worker, Connection& connection, std::optional<Bytes> rate, SharedRate* shared);
  ~Throttle();

  /// How many bytes may be moved now. 0: none, and the connection gets a turn when there may be more.
  [[nodiscard]] std::size_t allowance();
  void take(std::size_t bytes);
  [[nodiscard]] bool is_waiting() const { return is_set() || place_.has_value(); }

 private:
  friend class SharedRate;
  void on_deadline() override;
  void leave_queue();

  Worker& worker_;
  Connection& connection_;
  std::optional<TokenBucket> own_;
  std::size_t least_{0};  // bytes that a wait is for
  SharedRate* const shared_;
  std::optional<SharedRate::Queue::iterator> place_;  // among those who wait
  std::size_t granted_{0};                            // after such a wait
};

/// The limits of bandwidth of one listener's connections on one worker.
/// Threads: only on the worker's loop.
struct Bandwidth {
  Bandwidth(Worker& worker, const std::shared_ptr<const PartyStats>& stats, std::optional<Bytes> of_each,
            std::optional<Bytes> of_all);

  const std::optional<Bytes> each, total;
  std::unique_ptr<SharedRate> in, out;  // null without `total`
};

}  // namespace tcpctl
