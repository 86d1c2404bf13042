// SPDX-License-Identifier: Apache-2.0
#include "app/loader.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "app/key_table.hpp"
#include "app/own_api.hpp"
#include "services/forward.hpp"
#include "services/service.hpp"
#include "steps/steps.hpp"

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

config::Mistakes service_mistakes(const config::Node& listener) {
  const config::OptionReader table{listener, key_table(), "listeners.*"};
  const ServiceKind* const kind = find_service(table.text("service"));
  const auto options = table.table(kind->name);
  if (kind->make != nullptr) {
    if (auto made = kind->make(options); !made) return std::move(made).error();
  } else if (const auto made = forward_options(options); !made) {
    return {made.error()};
  }
  return {};
}

config::Mistakes step_mistakes(const config::Node& client) {
  const auto steps = client_steps(config::OptionReader{client, key_table(), "clients.*"});
  return steps ? config::Mistakes{} : steps.error();
}

// Each object of the table `name` whose keys are right, judged by what reads its options.
void judge(config::Mistakes& mistakes, const config::Node& root, std::string_view name,
           config::Mistakes (*options)(const config::Node&)) {
  const config::Node* const table = root.find(name);
  const auto* const objects = table == nullptr ? nullptr : table->as<config::Node::Table>();
  if (objects == nullptr) return;
  for (const auto& [key, object] : *objects) {
    if (config::check(object, key_table(), std::string{name} + ".*").empty()) add(mistakes, options(object));
  }
}

// All mistakes at once: the keys are wrong somewhere, and elsewhere an option may be.
config::Mistakes with_options(config::Mistakes mistakes, const config::Node& root) {
  judge(mistakes, root, "listeners", &service_mistakes);
  judge(mistakes, root, "clients", &step_mistakes);
  std::ranges::sort(mistakes, [](const config::Mistake& left, const config::Mistake& right) {
    return left.place.before(right.place);
  });
  return mistakes;
}

}  // namespace

ClientPlans::Plan ClientPlans::find(std::string_view name) const {
  const auto name_of = [](const Plan& plan) -> std::string_view { return plan->owner->name; };
  const auto found = std::ranges::lower_bound(plans_, name, {}, name_of);
  return found == plans_.end() || name_of(*found) != name ? nullptr : *found;
}

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
  const config::Node whole = root;
  auto config = config::build(std::move(root), key_table());
  if (!config) return tl::make_unexpected(with_options(std::move(config).error(), whole));
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
  const auto& clients = design.config->clients;
  const auto probes = static_cast<std::size_t>(
      std::ranges::count_if(clients, [](const auto& entry) { return entry.second->mode == "probe"; }));
  for (const auto& [name, client] : clients) {
    auto plan = make_plan(client, key_table(), stats.client(name), probes);
    if (plan) {
      design.clients.add(std::move(*plan));
    } else {
      add(mistakes, std::move(plan).error());
    }
  }
  add(mistakes, own_api_mistakes(*design.config));
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  return design;
}

}  // namespace tcpctl
