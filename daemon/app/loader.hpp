// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "app/stats_book.hpp"
#include "config/config.hpp"
#include "endpoints/plan.hpp"

namespace tcpctl {

/// A configuration and what is made of it, right in every part.
struct Design {
  std::shared_ptr<const config::Config> config;
  std::map<std::string, std::shared_ptr<const ListenerPlan>> listeners;
  std::map<std::string, std::shared_ptr<const ClientPlan>> clients;
};

/// Reads `file`, its conf.d and that of the state folder. Errors: all mistakes, in the order of the text.
[[nodiscard]] config::Checked<Design> load(const std::filesystem::path& file, StatsBook& stats);
/// The same from a tree that was read already (JSON of the API).
[[nodiscard]] config::Checked<Design> design_of(config::Node root, StatsBook& stats);

/// $STATE_DIRECTORY, else `daemon.state` of the configuration.
[[nodiscard]] std::filesystem::path state_folder(const config::Config& config);

}  // namespace tcpctl
