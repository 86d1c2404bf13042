// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <sys/socket.h>

#include "upstreams/resolver.hpp"

namespace tcpctl {

/// Joins what the look-ups of A and of AAAA bring for one name. Threads: a plain value.
class FamilyJoin {
 public:
  /// `family`: AF_INET or AF_INET6, each once; its addresses alone, best first.
  void take(int family, Result<Resolved> answer);

  /// Also: the servers know no such name at all.
  void no_such_name(int family) { (family == AF_INET ? no_four_ : no_six_) = true; }

  [[nodiscard]] bool is_complete() const { return four_ && six_; }
  /// There is an address to connect to.
  [[nodiscard]] bool has_addresses() const { return (four_ && *four_) || (six_ && *six_); }
  /// Complete, and neither family has any. Where there is no such name for one of them, the other one need
  /// not have been answered.
  [[nodiscard]] bool is_negative() const;
  /// The name does not exist for A, which no server says by mistake. Of AAAA some do. Source: RFC 4074
  /// section 4.2.
  [[nodiscard]] bool is_likely_negative() const { return no_four_; }
  /// What is known; something has to be. A failure where nothing but failures is.
  [[nodiscard]] Result<Resolved> joined() const;

 private:
  using Family = std::optional<Result<Resolved>>;
  Family four_, six_;
  bool no_four_{false}, no_six_{false};
};

}  // namespace tcpctl
