// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "config/config.hpp"
#include "stats/facts.hpp"
#include "stats/source_table.hpp"

namespace tcpctl {

/// Who of those that come to one listener gets in, by rate and by source.
///
/// A place is taken in the order of its checks, so that who is refused costs the others nothing.
/// Threads: only on the loop of the listener's acceptor. A source that a proxy names is known on the worker
/// of the connection, which asks here with a task (`Hub::ask_for_place`).
class Admission {
 public:
  explicit Admission(std::size_t workers) : sources_{std::make_shared<SourceTable>(workers)} {}

  /// The limits in force from now on.
  void set(std::shared_ptr<const config::Listener> listener);

  /// When the rate lets the next one in, where it does not now.
  [[nodiscard]] std::optional<Instant> rate_opens_at(Instant now) const;
  /// One was let in.
  void count(Instant now);
  /// A place for one more connection of `source`; nothing where it has all it may have.
  [[nodiscard]] std::optional<SourcePlace> place(const Address& source);

 private:
  std::shared_ptr<const config::Listener> listener_;
  std::optional<TokenBucket> rate_;
  std::shared_ptr<SourceTable> sources_;
};

}  // namespace tcpctl
