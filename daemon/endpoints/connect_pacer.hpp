// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>

#include "base/token_bucket.hpp"
#include "connections/worker.hpp"
#include "engine/wheel.hpp"

namespace tcpctl {

/// Lets attempts to connect begin at a rate, first come first served: so that many clients neither start nor
/// come back all at once.
///
/// Threads: only on the worker's loop. Source: token_bucket.hpp.
class ConnectPacer final : private Deadline {
 public:
  /// Somebody who waits for a turn; its end leaves the queue.
  class Turn {
   public:
    Turn() = default;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   protected:
    ~Turn();
    /// The turn has come; it is taken.
    virtual void on_turn() = 0;

   private:
    friend class ConnectPacer;
    ConnectPacer* pacer_{nullptr};  // while it waits
    std::list<Turn*>::iterator place_{};
  };

  static constexpr double kUsual = 1000;  // a second

  explicit ConnectPacer(Worker& worker);

  /// Turns a second, above 0; for those who wait, too.
  void set_rate(double rate);
  /// Calls `on_turn` once: at once where nobody waits and the rate allows it. Who waits already keeps its
  /// place.
  void wait(Turn& turn);
  void leave(Turn& turn);
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }

 private:
  void on_deadline() override;

  Worker& worker_;
  TokenBucket bucket_;
  std::list<Turn*> queue_;
};

}  // namespace tcpctl
