// SPDX-License-Identifier: Apache-2.0
#include "upstreams/declared.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tcpctl {
namespace {

std::string target_of(const NameEntry& entry) {
  const bool is_ipv6 = entry.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), entry.host, entry.port);
}

/// The tier of each priority, and what 256 is to be divided by for its weights.
struct Priorities {
  explicit Priorities(const std::vector<NameEntry>& entries) {
    for (const auto& entry : entries) {
      if (numbers.empty() || numbers.back() != entry.priority) {
        numbers.push_back(entry.priority);
        heaviest.push_back(0);
      }
      heaviest.back() = std::max<std::uint32_t>(heaviest.back(), entry.weight);
    }
  }
  [[nodiscard]] std::uint32_t tier(const NameEntry& entry) const {
    return static_cast<std::uint32_t>(std::ranges::find(numbers, entry.priority) - numbers.begin());
  }
  /// A weight of DNS goes up to 65535; one of 0 is for a small chance and not for none. Source: RFC 2782.
  [[nodiscard]] std::uint32_t weight(const NameEntry& entry) const {
    const std::uint32_t most = heaviest[tier(entry)];
    const std::uint32_t scaled =
        most <= Upstream::kMostWeight ? entry.weight : entry.weight * Upstream::kMostWeight / most;
    return std::max<std::uint32_t>(scaled, 1);
  }

  std::vector<std::uint16_t> numbers;
  std::vector<std::uint32_t> heaviest;
};

}  // namespace

DeclaredUpstream::DeclaredUpstream(Resolver& resolver, const ForwardPlan::Declared& declared,
                                   std::shared_ptr<const HealthPlan> health, Hooks hooks)
    : declared_{declared},
      health_{std::move(health)},
      hooks_{std::move(hooks)},
      names_{resolver, declared_.address, [this](const NameState&) { on_names(); }} {
  if (!is_service()) {
    slots_.push_back({declared_.name, declared_.stats, nullptr});
    fill(slots_.front(), declared_.address.text());
  }
  if (is_service()) {
    none_ = hooks_.make(declared_.name, declared_.stats);
    none_->set_target(declared_.address.text());
  }
  set(declared_, health_);
}

void DeclaredUpstream::set(const ForwardPlan::Declared& declared, std::shared_ptr<const HealthPlan> health) {
  declared_ = declared;
  health_ = std::move(health);
  for (UpstreamKeeper* const keeper : targets()) tell(*keeper);
  if (none_) none_->set_declared(declared_);
  on_names();
}

void DeclaredUpstream::tell(UpstreamKeeper& keeper) const {
  keeper.set_declared(declared_);
  if (&keeper != none_.get()) keeper.set_health(health_);
}

std::vector<UpstreamKeeper*> DeclaredUpstream::targets() const {
  std::vector<UpstreamKeeper*> all;
  for (const Slot& slot : slots_) {
    if (slot.keeper) all.push_back(slot.keeper.get());
  }
  if (all.empty() && none_) all.push_back(none_.get());
  return all;
}

void DeclaredUpstream::fill(Slot& slot, std::string target) {
  slot.keeper = hooks_.make(slot.name, slot.stats);
  slot.keeper->set_target(std::move(target));
  tell(*slot.keeper);
}

void DeclaredUpstream::on_names() {
  if (is_service()) {
    on_service();
    return;
  }
  const NameState& names = names_.state();
  UpstreamKeeper& keeper = *slots_.front().keeper;
  keeper.set_share(declared_.backup ? Upstream::kBackupTier : 0, declared_.weight);
  keeper.set_place(names, names.entries.empty() ? nullptr : &names.entries.front());
}

void DeclaredUpstream::on_service() {
  drop_gone();
  const NameState& names = names_.state();
  none_->set_place(names, nullptr);
  const Priorities priorities{names.entries};
  for (const auto& entry : names.entries) {
    const auto target = target_of(entry);
    Slot* slot = slot_of(target);
    if (slot == nullptr) {
      slot = free_slot();
      if (slot == nullptr) break;
      fill(*slot, target);
    }
    const std::uint32_t first_tier = declared_.backup ? Upstream::kBackupTier : 0;
    const auto weight = priorities.weight(entry) * declared_.weight;
    slot->keeper->set_share(first_tier + priorities.tier(entry), std::min(weight, Upstream::kMostWeight));
    slot->keeper->set_place(names, &entry);
  }
  hooks_.changed();
}

void DeclaredUpstream::drop_gone() {
  for (Slot& slot : slots_) {
    if (!slot.keeper) continue;
    const auto is_named = [&](const NameEntry& entry) {
      return target_of(entry) == slot.keeper->upstream().target;
    };
    if (std::ranges::any_of(names_.state().entries, is_named)) continue;
    slot.keeper.reset();
    hooks_.gone(*slot.name);
  }
}

DeclaredUpstream::Slot* DeclaredUpstream::slot_of(const std::string& target) {
  const auto found = std::ranges::find_if(
      slots_, [&](const Slot& slot) { return slot.keeper && slot.keeper->upstream().target == target; });
  return found == slots_.end() ? nullptr : &*found;
}

DeclaredUpstream::Slot* DeclaredUpstream::free_slot() {
  const auto found = std::ranges::find_if(slots_, [](const Slot& slot) { return !slot.keeper; });
  if (found != slots_.end()) return &*found;
  if (slots_.size() == kMostTargets) return nullptr;
  slots_.push_back(
      {std::make_shared<const std::string>(fmt::format("{}-{}", *declared_.name, slots_.size() + 1)),
       std::make_shared<UpstreamStats>(declared_.stats->workers()), nullptr});
  return &slots_.back();
}

}  // namespace tcpctl
