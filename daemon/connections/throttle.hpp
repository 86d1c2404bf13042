// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "base/token_bucket.hpp"
#include "base/units.hpp"
#include "connections/worker.hpp"
#include "engine/wheel.hpp"
#include "stats/party.hpp"

namespace tcpctl {

class Connection;

/// The bandwidth that all connections of a listener share, in one direction.
///
/// All workers take from one bucket. Who finds it empty reserves a share, and may move it once all that was
/// reserved before has gone: so they come in the order in which they asked, whichever worker they are on.
/// Threads: any.
class SharedRate {
 public:
  SharedRate(SharedTokens& tokens, Bytes rate);

  /// What may go at once.
  [[nodiscard]] std::uint64_t available(Instant now) const {
    return rate_.available(tokens_.taken_until(), now);
  }
  void take(Instant now, std::uint64_t bytes) { tokens_.take(now, rate_.cost(bytes)); }
  /// Takes a share and answers when it may go.
  [[nodiscard]] Instant reserve(Instant now) {
    return std::max(now, rate_.when(tokens_.take(now, rate_.cost(share_)), share_));
  }
  void give_back(std::uint64_t bytes) { tokens_.give_back(rate_.cost(bytes)); }
  [[nodiscard]] std::size_t share() const { return share_; }

 private:
  SharedTokens& tokens_;
  const TokenRate rate_;
  const std::size_t share_;  // of one who waited
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
  [[nodiscard]] bool is_waiting() const { return is_set(); }

 private:
  void on_deadline() override;
  [[nodiscard]] std::size_t allowance_of_all();
  void drop_reserved();

  Worker& worker_;
  Connection& connection_;
  std::optional<TokenBucket> own_;
  std::size_t least_{0};  // bytes that a wait is for
  SharedRate* const shared_;
  std::size_t reserved_{0};  // of what all share
  Instant turn_{};           // when that may go
};

/// The limits of bandwidth of one listener's connections on one worker; it lives no longer than its `stats`.
/// Threads: only on the worker's loop.
struct Bandwidth {
  Bandwidth(PartyStats& stats, std::optional<Bytes> of_each, std::optional<Bytes> of_all);

  const std::optional<Bytes> each, total;
  std::unique_ptr<SharedRate> in, out;  // null without `total`
};

}  // namespace tcpctl
