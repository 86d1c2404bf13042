// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
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

/// The terms of one connection in force; only who has any has one. Of a forwarded session the client's leg
/// has it for both legs. Threads: only on the connection's loop.
class Quota {
 public:
  Quota(Worker& worker, Connection& connection, Terms terms)
      : terms_{std::move(terms)},
        in_{worker, connection, rate(), terms_.bandwidth ? terms_.bandwidth->in.get() : nullptr},
        out_{worker, connection, rate(), terms_.bandwidth ? terms_.bandwidth->out.get() : nullptr} {}

  /// What comes from the peer, and what goes to it.
  [[nodiscard]] Throttle& in() { return in_; }
  [[nodiscard]] Throttle& out() { return out_; }
  [[nodiscard]] const Throttle& out() const { return out_; }

 private:
  [[nodiscard]] std::optional<Bytes> rate() const {
    return terms_.bandwidth ? terms_.bandwidth->each : std::nullopt;
  }

  Terms terms_;
  Throttle in_, out_;  // after `terms_`, whose queues they leave
};

}  // namespace tcpctl
