// SPDX-License-Identifier: Apache-2.0
#include "app/loader.hpp"

#include <cstdlib>
#include <iterator>
#include <utility>

#include "app/key_table.hpp"

namespace tcpctl {
namespace {

void add(config::Mistakes& mistakes, config::Mistakes more) {
  std::move(more.begin(), more.end(), std::back_inserter(mistakes));
}

// The state folder may be named in the very files that are read before it.
std::filesystem::path state_conf_d(const std::filesystem::path& file) {
  if (const char* const folder = std::getenv("STATE_DIRECTORY"); folder != nullptr && *folder != '\0') {
    return std::filesystem::path{folder} / "conf.d";
  }
  if (const auto root = config::read_files(file, {})) {
    if (const config::Node* const daemon = root->find("daemon"); daemon != nullptr) {
      const config::Node* const state = daemon->find("state");
      const auto* const text = state == nullptr ? nullptr : state->as<std::string>();
      if (text != nullptr && text->starts_with('/')) return std::filesystem::path{*text} / "conf.d";
    }
  }
  return "/var/lib/tcpctl/conf.d";
}

}  // namespace

std::filesystem::path state_folder(const config::Config& config) {
  const char* const folder = std::getenv("STATE_DIRECTORY");
  return folder != nullptr && *folder != '\0' ? std::filesystem::path{folder} : config.daemon.state;
}

config::Checked<Design> load(const std::filesystem::path& file, StatsBook& stats) {
  auto root = config::read_files(file, state_conf_d(file));
  if (!root) return tl::make_unexpected(std::move(root).error());
  return design_of(std::move(*root), stats);
}

config::Checked<Design> design_of(config::Node root, StatsBook& stats) {
  auto config = config::build(std::move(root), key_table());
  if (!config) return tl::make_unexpected(std::move(config).error());
  Design design;
  design.config = std::make_shared<const config::Config>(std::move(*config));
  config::Mistakes mistakes;
  for (const auto& [name, listener] : design.config->listeners) {
    auto plan =
        make_plan(listener, key_table(), stats.listener(name),
                  [&, of = name](const std::string& upstream) { return stats.upstream(of, upstream); });
    if (plan) {
      design.listeners.emplace(name, std::move(*plan));
    } else {
      add(mistakes, std::move(plan).error());
    }
  }
  for (const auto& [name, client] : design.config->clients) {
    auto plan = make_plan(client, key_table(), stats.client(name));
    if (plan) {
      design.clients.emplace(name, std::move(*plan));
    } else {
      add(mistakes, std::move(plan).error());
    }
  }
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  return design;
}

}  // namespace tcpctl
