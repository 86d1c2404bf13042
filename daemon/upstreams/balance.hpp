// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "upstreams/set.hpp"

namespace tcpctl {

/// How an upstream is chosen among those that take new sessions.
///
///   round_robin        in turn, by weight, as evenly spread as can be
///   least_connections  who has the fewest sessions for its weight, over all workers; ties in turn
///   source_hash        the same one for the same source, as long as it is there; if one goes, only its
///                      sources move
///   random_two         the one with fewer sessions of two that are drawn by weight
enum class Balance : std::uint8_t { round_robin, least_connections, source_hash, random_two };

/// As in the configuration; round_robin for a text that is none.
[[nodiscard]] Balance balance_of(std::string_view text);

/// Upstreams that a session has tried already.
using Tried = std::span<const UpstreamStats* const>;

/// Chooses upstreams on one worker: a pure function of the set, of what is in use, and of its own turn.
///
/// A choice takes one pass over a tier and allocates nothing. An upstream that is full is passed over.
/// Threads: one owner.
class Balancer {
 public:
  Balancer(Balance balance, std::size_t worker) : balance_{balance}, random_{worker}, skip_{worker} {}

  /// From now on `set` is chosen from. Who was in the set before keeps its place in the turn.
  void set(UpstreamSetPtr set);
  void set(Balance balance) { balance_ = balance; }
  [[nodiscard]] const UpstreamSetPtr& set() const { return set_; }

  /// Somebody of `tier`, which is one of the set's tiers, who has room and was not tried; nobody if there is
  /// none.
  [[nodiscard]] std::optional<UpstreamSet::Index> choose(std::span<const UpstreamSet::Index> tier,
                                                         const Address& source, Tried tried);

 private:
  using Index = UpstreamSet::Index;
  struct Candidates;

  [[nodiscard]] std::optional<Index> in_turn(const Candidates& among);
  [[nodiscard]] std::optional<Index> least_loaded(const Candidates& among);
  [[nodiscard]] static std::optional<Index> by_source(const Candidates& among, const Address& source);
  [[nodiscard]] std::optional<Index> of_two(const Candidates& among);
  [[nodiscard]] std::optional<Index> draw(const Candidates& among, std::optional<Index> but);

  Balance balance_;
  UpstreamSetPtr set_;
  std::vector<std::int64_t> turns_;  // by index in the set
  std::size_t next_{0};              // where least_connections begins to look
  std::uint64_t random_;
  std::size_t skip_;  // so that the workers do not all begin with the same upstream
};

/// The same on every machine and in every run: sources stay with their upstream over a restart.
[[nodiscard]] std::uint64_t hash_of(std::string_view text, std::uint64_t seed);
/// Of the host alone. All Unix peers are one.
[[nodiscard]] std::uint64_t hash_of(const Address& source);

}  // namespace tcpctl
