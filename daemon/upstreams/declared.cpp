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

/// The tiers and weights that DNS gives to the hosts of a service.
class Priorities {
 public:
  explicit Priorities(const std::vector<NameEntry>& entries) {
    for (const auto& entry : entries) {
      if (numbers_.empty() || numbers_.back() != entry.priority) {
        numbers_.push_back(entry.priority);
        heaviest_.push_back(1);
      }
      heaviest_.back() = std::max<std::uint64_t>(heaviest_.back(), entry.weight);
    }
  }
  [[nodiscard]] std::uint32_t tier(const NameEntry& entry) const {
    return static_cast<std::uint32_t>(std::ranges::find(numbers_, entry.priority) - numbers_.begin());
  }
  /// The weight of DNS, up to 65535, times that of the upstream; scaled down together where the heaviest of a
  /// tier would be too heavy. One of 0 is for a small chance and not for none. Source: RFC 2782.
  [[nodiscard]] std::uint32_t weight(const NameEntry& entry, std::uint32_t times) const {
    if (times == 0) return 0;
    const std::uint64_t heaviest = heaviest_[tier(entry)];
    const std::uint64_t own = std::max<std::uint64_t>(entry.weight, 1);
    const std::uint64_t most = Upstream::kMostWeight;
    const std::uint64_t weight = heaviest * times <= most ? own * times : own * most / heaviest;
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(weight, 1));
  }

 private:
  std::vector<std::uint16_t> numbers_;
  std::vector<std::uint64_t> heaviest_;
};

}  // namespace

DeclaredUpstream::DeclaredUpstream(Resolver& resolver, const ForwardPlan::Declared& declared,
                                   std::shared_ptr<const HealthPlan> health, Hooks hooks)
    : declared_{declared},
      health_{std::move(health)},
      hooks_{std::move(hooks)},
      names_{resolver, declared_.address, [this](const NameState&) { on_names(); }} {
  if (is_service()) {
    none_ = hooks_.make(declared_.name, declared_.stats);
    none_->set_target(declared_.address.text());
  } else {
    slots_.push_back({declared_.name, declared_.stats, nullptr});
    fill(slots_.front(), declared_.address.text());
  }
  set(declared_, health_);
}

void DeclaredUpstream::set(const ForwardPlan::Declared& declared, std::shared_ptr<const HealthPlan> health) {
  declared_ = declared;
  health_ = std::move(health);
  for (const Slot& slot : slots_) {
    if (slot.keeper) tell(*slot.keeper);
  }
  if (none_) none_->set_declared(declared_);
  on_names();
}

void DeclaredUpstream::tell(UpstreamKeeper& keeper) const {
  keeper.set_declared(declared_);
  keeper.set_health(health_);
}

std::vector<UpstreamKeeper*> DeclaredUpstream::targets() const {
  std::vector<UpstreamKeeper*> all;
  for (const Slot& slot : slots_) {
    if (slot.keeper && !slot.is_over()) all.push_back(slot.keeper.get());
  }
  if (all.empty() && none_) all.push_back(none_.get());
  return all;
}

const UpstreamKeeper* DeclaredUpstream::target(const std::string& name) const {
  const auto all = targets();
  const auto found = std::ranges::find_if(
      all, [&](const UpstreamKeeper* keeper) { return *keeper->upstream().name == name; });
  return found == all.end() ? nullptr : *found;
}

void DeclaredUpstream::fill(Slot& slot, const std::string& target) {
  slot.keeper = hooks_.make(slot.name, slot.stats);
  slot.target = target;
  slot.is_gone = false;
  slot.keeper->set_target(target);
  tell(*slot.keeper);
}

void DeclaredUpstream::on_names() {
  const Wish wish = hooks_.wish("");
  const std::uint32_t tier = declared_.backup ? Upstream::kBackupTier : 0;
  UpstreamKeeper& whole = none_ ? *none_ : *slots_.front().keeper;
  whole.set_share(tier, declared_.weight, declared_.weight);
  whole.set_wish(wish);
  const NameState& names = names_.state();
  if (!none_) {
    whole.set_place(names, names.entries.empty() ? nullptr : &names.entries.front());
    return;
  }
  // It stands for the service only while DNS names no target.
  if (names.entries.empty()) whole.set_place(names, nullptr);
  on_service();
}

void DeclaredUpstream::on_service() {
  drop_gone();
  const NameState& names = names_.state();
  const Priorities priorities{names.entries};
  const std::uint32_t first_tier = declared_.backup ? Upstream::kBackupTier : 0;
  const std::uint32_t wished_weight = hooks_.wish("").weight.value_or(declared_.weight);
  for (const auto& entry : names.entries) {
    const auto target = target_of(entry);
    Slot* slot = slot_of(target);
    if (slot == nullptr) {
      slot = free_slot(target);
      if (slot == nullptr) continue;
      fill(*slot, target);
    }
    on_target(*slot, entry, first_tier + priorities.tier(entry), priorities.weight(entry, declared_.weight),
              priorities.weight(entry, wished_weight));
  }
  hooks_.changed();
}

void DeclaredUpstream::on_target(Slot& slot, const NameEntry& entry, std::uint32_t tier,
                                 std::uint32_t config_weight, std::uint32_t weight) {
  slot.is_gone = false;
  slot.keeper->set_share(tier, config_weight, weight);
  slot.keeper->set_wish(wish_for(slot.target));
  slot.keeper->set_place(names_.state(), &entry);
}

/// What was wished of the whole is so of each, unless something else was wished of that.
Wish DeclaredUpstream::wish_for(const std::string& target) const {
  Wish wish = hooks_.wish(target);
  if (wish.state) return wish;
  Wish inherited = hooks_.wish("");
  inherited.weight = wish.weight;
  return inherited;
}

UpstreamRow DeclaredUpstream::row() const {
  const auto all = targets();
  UpstreamRow row = to_row(none_ ? none_->upstream() : all.front()->upstream());
  if (!none_ || all.front() == none_.get()) return row;
  for (const UpstreamKeeper* const keeper : all) {
    keeper->upstream().stats->fill(row);
    if (keeper->upstream().is_gone) continue;
    for (const auto& address : keeper->upstream().addresses->all()) row.resolved.push_back(address.text());
  }
  const auto are = [&](OperationalState state) {
    return std::ranges::count_if(
        all, [&](const UpstreamKeeper* one) { return one->upstream().operational_state == state; });
  };
  row.operational_state = text(OperationalState::down);
  for (const auto state : {OperationalState::up, OperationalState::unknown, OperationalState::resolving}) {
    if (are(state) == 0) continue;
    row.operational_state = text(state);
    break;
  }
  const auto named =
      std::ranges::count_if(all, [](const UpstreamKeeper* one) { return !one->upstream().is_gone; });
  row.cause = fmt::format("{} of {} targets are up", are(OperationalState::up), named);
  return row;
}

void DeclaredUpstream::drop_gone() {
  for (Slot& slot : slots_) {
    if (!slot.keeper) continue;
    const auto is_named = [&](const NameEntry& entry) { return target_of(entry) == slot.target; };
    if (std::ranges::any_of(names_.state().entries, is_named)) continue;
    slot.is_gone = true;
    if (slot.is_over()) {
      slot.keeper.reset();
    } else {
      // Its sessions stand, and are seen and ended with it.
      slot.keeper->set_gone();
      slot.keeper->set_wish(wish_for(slot.target));
    }
  }
}

DeclaredUpstream::Slot* DeclaredUpstream::slot_of(const std::string& target) {
  const auto found =
      std::ranges::find_if(slots_, [&](const Slot& slot) { return slot.keeper && slot.target == target; });
  return found == slots_.end() ? nullptr : &*found;
}

DeclaredUpstream::Slot* DeclaredUpstream::free_slot(const std::string& target) {
  const auto was_its = [&](const Slot& slot) { return !slot.keeper && slot.target == target; };
  // The sessions of another target must be over: they would be counted, limited and ended with its own.
  const auto is_free = [](const Slot& slot) { return !slot.keeper && slot.stats->places().taken() == 0; };
  auto found = std::ranges::find_if(slots_, was_its);
  if (found == slots_.end()) found = std::ranges::find_if(slots_, is_free);
  if (found != slots_.end()) return &*found;
  if (slots_.size() == kMostSlots) return nullptr;
  slots_.push_back(
      {std::make_shared<const std::string>(fmt::format("{}-{}", *declared_.name, slots_.size() + 1)),
       std::make_shared<UpstreamStats>(declared_.stats->workers()), nullptr});
  return &slots_.back();
}

}  // namespace tcpctl
