// SPDX-License-Identifier: Apache-2.0
#include "upstreams/set.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "upstreams/balance.hpp"

namespace tcpctl {
namespace {

constexpr std::array<std::string_view, 4> kOperationalTexts{"up", "down", "unknown", "resolving"};
constexpr std::size_t kMostListed = 8;  // in the reason of an end, which the history keeps

}  // namespace

std::string_view text(OperationalState state) {
  return kOperationalTexts.at(static_cast<std::size_t>(state));
}

bool Upstream::takes_new() const {
  const bool seen_well =
      operational_state == OperationalState::up || operational_state == OperationalState::unknown;
  return wanted() == AdminState::ready && weight > 0 && seen_well && !addresses->empty();
}

std::string Upstream::why_not() const {
  if (wanted() != AdminState::ready) return fmt::format("{} {}", *name, text(wanted()));
  if (weight == 0) return fmt::format("{} has weight 0", *name);
  return fmt::format("{} {} ({})", *name, text(operational_state), cause);
}

UpstreamRow to_row(const Upstream& upstream) {
  UpstreamRow row;
  row.name = *upstream.name;
  row.address = upstream.target;
  for (const auto& address : upstream.addresses->all()) row.resolved.push_back(address.text());
  row.config_state = text(upstream.config_state);
  row.admin_state = text(upstream.wanted());
  row.operational_state = text(upstream.operational_state);
  row.cause = upstream.cause;
  if (!upstream.name_error.empty() && !upstream.addresses->empty())
    row.cause += fmt::format("; its last addresses stay in use ({})", upstream.name_error);
  row.admin_cause = upstream.admin_cause;
  row.since = upstream.since;
  row.admin_since = upstream.admin_since;
  row.config_since = upstream.config_since;
  row.weight = upstream.weight;
  row.config_weight = upstream.config_weight;
  row.backup = upstream.is_backup();
  row.tier = upstream.tier;
  if (upstream.max_connections != Upstream::kNoLimit) row.max_connections = upstream.max_connections;
  row.last_check = upstream.last_check;
  upstream.stats->fill(row);
  return row;
}

UpstreamSet::UpstreamSet(std::vector<Upstream> upstreams) : all_{std::move(upstreams)} {
  // By target and not by name: names that are given by place move on when one is taken out of the list.
  std::map<std::string_view, std::uint64_t> seen;
  std::map<std::uint32_t, std::vector<Index>> tiers;
  for (Index i = 0; i < all_.size(); ++i) {
    all_[i].seed = hash_of(all_[i].target, seen[all_[i].target]++);
    if (all_[i].takes_new()) tiers[all_[i].tier].push_back(i);
  }
  for (auto& [tier, members] : tiers) tiers_.push_back(std::move(members));
  is_resolving_ = tiers_.empty() && std::ranges::any_of(all_, [](const Upstream& upstream) {
                    return upstream.operational_state == OperationalState::resolving &&
                           upstream.wanted() == AdminState::ready && upstream.weight > 0;
                  });
  is_limited_ = !tiers_.empty() && std::ranges::none_of(tiers_.front(), [this](Index index) {
    return at(index).max_connections == Upstream::kNoLimit;
  });
}

std::uint64_t UpstreamSet::room() const {
  if (tiers_.empty()) return 0;
  if (!is_limited_) return Upstream::kNoLimit;
  std::uint64_t room = 0;
  for (const Index index : tiers_.front()) {
    const auto taken = at(index).stats->places().taken();
    room += at(index).max_connections - std::min(at(index).max_connections, taken);
  }
  return room;
}

std::string UpstreamSet::why_none() const {
  std::vector<const Upstream*> named;
  for (const Upstream& upstream : all_) {
    if (!upstream.is_gone) named.push_back(&upstream);
  }
  if (named.empty()) return "no upstream";
  std::string why = fmt::format("{} upstream{}: ", named.size(), named.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (i == kMostListed) return why + fmt::format(" and {} more", named.size() - i);
    if (i > 0) why += ", ";
    why += named[i]->why_not();
  }
  return why;
}

}  // namespace tcpctl
