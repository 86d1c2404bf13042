// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/stats_book.hpp"
#include "config/config.hpp"
#include "endpoints/plan.hpp"

namespace tcpctl {

/// The plans of all clients, in the order of their names: 16 bytes for each of thousands, where a map takes
/// 96. Threads: a plain value.
class ClientPlans {
 public:
  using Plan = std::shared_ptr<const ClientPlan>;

  /// Its name is behind those of all that were added before.
  void add(Plan plan) { plans_.push_back(std::move(plan)); }
  /// Null if there is none.
  [[nodiscard]] Plan find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::size_t size() const { return plans_.size(); }
  [[nodiscard]] auto begin() const { return plans_.begin(); }
  [[nodiscard]] auto end() const { return plans_.end(); }

 private:
  std::vector<Plan> plans_;
};

/// A configuration and what is made of it, right in every part.
struct Design {
  std::shared_ptr<const config::Config> config;
  std::map<std::string, std::shared_ptr<const ListenerPlan>> listeners;
  ClientPlans clients;
};

/// Reads `file`, its conf.d and that of the state folder. Errors: all mistakes, in the order of the text.
[[nodiscard]] config::Checked<Design> load(const std::filesystem::path& file, StatsBook& stats);
/// The same from a tree that was read already (JSON of the API).
[[nodiscard]] config::Checked<Design> design_of(config::Node root, StatsBook& stats);

/// $STATE_DIRECTORY, else `daemon.state` of the configuration.
[[nodiscard]] std::filesystem::path state_folder(const config::Config& config);

}  // namespace tcpctl
