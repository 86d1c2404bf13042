// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "connections/throttle.hpp"
#include "stats/source_table.hpp"

namespace tcpctl {

/// What an accepted connection is let in with: its place among those of its source, and its listener's limits
/// of bandwidth on its worker. Both may be empty.
struct Terms {
  SourcePlace place;
  std::shared_ptr<Bandwidth> bandwidth;

  [[nodiscard]] bool are_empty() const { return !place && !bandwidth; }
};

/// Both directions of one connection whose bandwidth is limited. Threads: only on the connection's loop.
class Throttles {
 public:
  Throttles(Worker& worker, Connection& connection, std::shared_ptr<Bandwidth> bandwidth)
      : bandwidth_{std::move(bandwidth)},
        in_{worker, connection, bandwidth_->each, bandwidth_->in.get()},
        out_{worker, connection, bandwidth_->each, bandwidth_->out.get()} {}

  /// What comes from the peer, and what goes to it.
  [[nodiscard]] Throttle& in() { return in_; }
  [[nodiscard]] Throttle& out() { return out_; }

 private:
  std::shared_ptr<Bandwidth> bandwidth_;
  Throttle in_, out_;  // after `bandwidth_`, whose queues they leave
};

/// The terms of one connection in force; who has none has no memory for them. Of a forwarded session one is
/// for both legs. Threads: only on the connection's loop.
class Quota {
 public:
  /// None.
  Quota() = default;
  Quota(Worker& worker, Connection& connection, Terms terms) {
    if (terms.are_empty()) return;
    held_ = std::make_unique<Held>(std::move(terms.place));
    if (terms.bandwidth)
      held_->throttles = std::make_unique<Throttles>(worker, connection, std::move(terms.bandwidth));
  }

  /// Null where the bandwidth is not limited.
  [[nodiscard]] Throttles* throttles() const { return held_ ? held_->throttles.get() : nullptr; }

 private:
  struct Held {
    explicit Held(SourcePlace of_source) : place{std::move(of_source)} {}
    SourcePlace place;
    std::unique_ptr<Throttles> throttles;
  };
  std::unique_ptr<Held> held_;
};

}  // namespace tcpctl
