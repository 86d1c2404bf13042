// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_list.hpp"
#include "base/clock.hpp"
#include "stats/admin_state.hpp"
#include "stats/party.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// What is seen of an upstream. `resolving` = its name was never resolved yet; `unknown` = nobody looks.
enum class OperationalState : std::uint8_t { up, down, unknown, resolving };
[[nodiscard]] std::string_view text(OperationalState state);

/// One target of a forwarding listener as it is just now. Threads: a plain value.
struct Upstream {
  static constexpr std::uint64_t kNoLimit = Places::kNoLimit;
  static constexpr std::uint32_t kMostWeight = UpstreamChange::kMostWeight;
  /// Tiers below it are those of SRV priorities.
  static constexpr std::uint32_t kBackupTier = 1U << 16;

  std::shared_ptr<const std::string> name;
  std::string target;                            // as configured, or "host:port" as DNS names it
  std::shared_ptr<const AddressList> addresses;  // never null; empty until it is resolved
  std::uint32_t weight{1};                       // 0 .. kMostWeight; 0 = no new sessions
  std::uint32_t config_weight{1};
  std::uint32_t tier{0};
  std::uint64_t max_connections{kNoLimit};
  AdminState config_state{AdminState::ready};
  std::optional<AdminState> admin_state;  // what was wished at run time, which wins
  OperationalState operational_state{OperationalState::up};
  std::string cause, admin_cause;
  std::string name_error;  // why its host is not resolved anew; "" = it is
  WallTime since{}, admin_since{}, config_since{};
  std::optional<ProbeRow> last_check;
  std::shared_ptr<UpstreamStats> stats;  // never null, and what says that two values are of one upstream
  bool is_gone{false};                   // DNS names it no longer: it has the sessions that stand
  std::uint64_t seed{0};                 // of its share with source_hash; UpstreamSet gives it

  [[nodiscard]] AdminState wanted() const { return admin_state.value_or(config_state); }
  [[nodiscard]] bool is_backup() const { return tier >= kBackupTier; }
  /// New sessions may be given to it, as far as there is room.
  [[nodiscard]] bool takes_new() const;
  [[nodiscard]] bool has_room() const { return stats->places().taken() < max_connections; }
  /// Why not, in words: "u1 down (L4CON Connection refused)".
  [[nodiscard]] std::string why_not() const;
};

[[nodiscard]] UpstreamRow to_row(const Upstream& upstream);

/// All upstreams of a listener at one moment, and who of them takes new sessions.
///
/// Made by the listener's director alone, and shared by all workers. Threads: immutable; any.
class UpstreamSet {
 public:
  explicit UpstreamSet(std::vector<Upstream> upstreams);

  using Index = std::uint32_t;
  [[nodiscard]] const std::vector<Upstream>& all() const { return all_; }
  [[nodiscard]] const Upstream& at(Index index) const { return all_[index]; }
  /// Who takes new sessions, by tier: a later one serves where the ones before have nobody left to try.
  [[nodiscard]] const std::vector<std::vector<Index>>& tiers() const { return tiers_; }
  /// There is nobody, but a name is still being looked up.
  [[nodiscard]] bool is_resolving() const { return is_resolving_; }
  /// Somebody in the first tier has a limit, and nobody there has none.
  [[nodiscard]] bool is_limited() const { return is_limited_; }
  /// How many further sessions the first tier has room for; Upstream::kNoLimit if nothing limits it.
  [[nodiscard]] std::uint64_t room() const;
  /// Why nobody takes new sessions: "2 upstreams: u1 down (L4CON …), u2 drain"; bounded in length.
  [[nodiscard]] std::string why_none() const;

 private:
  std::vector<Upstream> all_;
  std::vector<std::vector<Index>> tiers_;
  bool is_resolving_{false};
  bool is_limited_{false};
};
using UpstreamSetPtr = std::shared_ptr<const UpstreamSet>;

}  // namespace tcpctl
