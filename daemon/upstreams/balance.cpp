// SPDX-License-Identifier: Apache-2.0
#include "upstreams/balance.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace tcpctl {
namespace {

/// Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators" (SplitMix64).
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

/// Does `left` have fewer sessions for its weight than `right`?
bool is_less_loaded(const Upstream& left, const Upstream& right) {
  return left.stats->places().taken() * right.weight < right.stats->places().taken() * left.weight;
}

}  // namespace

Balance balance_of(std::string_view text) {
  if (text == "least_connections") return Balance::least_connections;
  if (text == "source_hash") return Balance::source_hash;
  if (text == "random_two") return Balance::random_two;
  return Balance::round_robin;
}

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = mixed(seed ^ text.size());
  for (const char byte : text) hash = mixed(hash ^ static_cast<unsigned char>(byte));
  return hash;
}

std::uint64_t hash_of(const Address& source) {
  sockaddr_storage storage{};
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  if (source.family() == AF_INET) {
    (void)source.to(storage);
    low = reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr;
  } else if (source.family() == AF_INET6) {
    (void)source.to(storage);
    const auto& host = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    std::memcpy(&high, &host.s6_addr[0], sizeof high);
    std::memcpy(&low, &host.s6_addr[8], sizeof low);
  }
  return mixed(mixed(high) ^ low);
}

struct Balancer::Candidates {
  const UpstreamSet& set;
  std::span<const Index> tier;
  Tried tried;

  [[nodiscard]] bool admit(Index index) const {
    const Upstream& upstream = set.at(index);
    return upstream.has_room() && std::ranges::find(tried, upstream.stats.get()) == tried.end();
  }
};

void Balancer::set(UpstreamSetPtr set) {
  std::vector<std::int64_t> turns(set->all().size(), 0);
  std::unordered_map<const UpstreamStats*, std::int64_t> before;
  for (std::size_t i = 0; i < turns_.size(); ++i) before.emplace(set_->all()[i].stats.get(), turns_[i]);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (const auto found = before.find(set->all()[i].stats.get()); found != before.end())
      turns[i] = found->second;
  }
  const bool is_first = !set_;
  set_ = std::move(set);
  turns_ = std::move(turns);
  if (!is_first || set_->tiers().empty()) return;
  next_ = skip_;
  const auto& tier = set_->tiers().front();
  for (std::size_t i = 0; i < skip_ % tier.size(); ++i) (void)in_turn({*set_, tier, {}});
}

std::optional<UpstreamSet::Index> Balancer::choose(std::span<const Index> tier, const Address& source,
                                                   Tried tried) {
  const Candidates among{*set_, tier, tried};
  switch (balance_) {
    case Balance::round_robin:
      return in_turn(among);
    case Balance::least_connections:
      return least_loaded(among);
    case Balance::source_hash:
      return by_source(among, source);
    case Balance::random_two:
      return of_two(among);
  }
  return std::nullopt;
}

// Smooth weighted round robin: each candidate gains its weight, the richest is chosen and pays for all.
// Source: nginx, ngx_http_upstream_round_robin.c.
std::optional<UpstreamSet::Index> Balancer::in_turn(const Candidates& among) {
  std::optional<Index> best;
  std::int64_t sum = 0;
  for (const Index index : among.tier) {
    if (!among.admit(index)) continue;
    const std::int64_t weight = among.set.at(index).weight;
    sum += weight;
    turns_[index] += weight;
    if (!best || turns_[index] > turns_[*best]) best = index;
  }
  if (best) turns_[*best] -= sum;
  return best;
}

std::optional<UpstreamSet::Index> Balancer::least_loaded(const Candidates& among) {
  std::optional<Index> best;
  const std::size_t first = among.tier.empty() ? 0 : next_++ % among.tier.size();
  for (std::size_t i = 0; i < among.tier.size(); ++i) {
    const Index index = among.tier[(first + i) % among.tier.size()];
    if (!among.admit(index)) continue;
    if (!best || is_less_loaded(among.set.at(index), among.set.at(*best))) best = index;
  }
  return best;
}

// Weighted rendezvous hashing: each upstream draws a number from the source and itself alone, and the best
// one wins. So exactly the sources of an upstream that goes move, each to its second best, and shares follow
// the weights without a table. Source: Thaler & Ravishankar 1998; Schindelhauer & Schomaker 2005 for weights.
std::optional<UpstreamSet::Index> Balancer::by_source(const Candidates& among, const Address& source) {
  constexpr double kScale = 1.0 / 9007199254740992.0;  // 2^-53: what a double tells apart
  const std::uint64_t key = hash_of(source);
  std::optional<Index> best;
  double best_score = 0;
  for (const Index index : among.tier) {
    if (!among.admit(index)) continue;
    const Upstream& upstream = among.set.at(index);
    const double drawn = (static_cast<double>(mixed(key ^ upstream.seed) >> 11U) + 0.5) * kScale;
    const double score = upstream.weight / -std::log(drawn);
    if (best && score <= best_score) continue;
    best = index;
    best_score = score;
  }
  return best;
}

std::optional<UpstreamSet::Index> Balancer::of_two(const Candidates& among) {
  const auto one = draw(among, std::nullopt);
  if (!one) return std::nullopt;
  const auto two = draw(among, one);
  if (!two) return one;
  return is_less_loaded(among.set.at(*two), among.set.at(*one)) ? two : one;
}

std::optional<UpstreamSet::Index> Balancer::draw(const Candidates& among, std::optional<Index> but) {
  std::optional<Index> drawn;
  std::uint64_t sum = 0;
  // One pass: each candidate takes the place of those before it with its share of what has been seen.
  for (const Index index : among.tier) {
    if (index == but || !among.admit(index)) continue;
    const std::uint64_t weight = among.set.at(index).weight;
    sum += weight;
    if (mixed(random_++) % sum < weight) drawn = index;
  }
  return drawn;
}

}  // namespace tcpctl
