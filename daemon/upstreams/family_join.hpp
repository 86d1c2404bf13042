// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "upstreams/resolver.hpp"

namespace tcpctl {

/// Joins what the look-ups of A and of AAAA bring for one name. Threads: a plain value.
class FamilyJoin {
 public:
  /// `family`: AF_INET or AF_INET6, each once; its addresses alone, best first.
  void take(int family, Result<Resolved> answer);

  [[nodiscard]] bool is_complete() const { return four_ && six_; }
  /// There is an address to connect to.
  [[nodiscard]] bool has_addresses() const { return (four_ && *four_) || (six_ && *six_); }
  /// Complete, and neither family has any, or failed in another way.
  [[nodiscard]] bool is_negative() const;
  /// What is known; something has to be. A failure where nothing but failures is.
  [[nodiscard]] Result<Resolved> joined() const;

 private:
  using Family = std::optional<Result<Resolved>>;
  Family four_, six_;
};

}  // namespace tcpctl
