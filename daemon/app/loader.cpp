// SPDX-License-Identifier: Apache-2.0
#include "app/loader.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "app/key_table.hpp"
#include "app/overruled.hpp"
#include "app/own_api.hpp"
#include "base/text.hpp"
#include "config/value.hpp"
#include "services/forward.hpp"
#include "services/service.hpp"
#include "steps/steps.hpp"

namespace tcpctl {
namespace {

void add(config::Mistakes& mistakes, config::Mistakes more) {
  std::move(more.begin(), more.end(), std::back_inserter(mistakes));
}

constexpr std::string_view kFolder = "conf.d";

// "" where they do not name one.
std::filesystem::path declared_state(const std::filesystem::path& file) {
  // With the folder beside it as if it were the state folder's, since it may be that.
  const auto files = config::read_files(file, file.parent_path() / kFolder);
  const config::Node* const daemon = files ? files->root.find("daemon") : nullptr;
  const config::Node* const state = daemon == nullptr ? nullptr : daemon->find("state");
  const auto* const text = state == nullptr ? nullptr : state->as<std::string>();
  return text == nullptr || !text->starts_with('/') ? "" : *text;
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

template <class Each>
void for_each_object(const config::Node& root, std::string_view kind, Each each) {
  const config::Node* const table = root.find(kind);
  const auto* const objects = table == nullptr ? nullptr : table->as<config::Node::Table>();
  if (objects == nullptr) return;
  for (const auto& [name, object] : *objects) each(name, object);
}

// Each object of the table `kind` whose keys are right, judged by what reads its options.
void judge(config::Mistakes& mistakes, const config::Node& root, std::string_view kind,
           config::Mistakes (*options)(const config::Node&)) {
  for_each_object(root, kind, [&](const std::string&, const config::Node& object) {
    if (config::check(object, key_table(), std::string{kind} + ".*").empty()) add(mistakes, options(object));
  });
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

auto plan_of(const std::shared_ptr<const config::Listener>& listener, const config::Node& table,
             StatsBook& stats) {
  const auto& name = listener->name;
  return make_plan(listener, table, key_table(), stats.listener(name),
                   [&](const std::string& upstream) { return stats.upstream(name, upstream); });
}

auto plan_of(const std::shared_ptr<const config::Client>& client, const config::Node& table, StatsBook& stats,
             std::size_t probes) {
  return make_plan(client, table, key_table(), stats.client(client->name), probes);
}

std::size_t count_probes(const config::Config& config) {
  return static_cast<std::size_t>(std::ranges::count_if(
      config.clients, [](const auto& entry) { return entry.second->mode == config::ClientMode::probe; }));
}

config::Mistakes object_mistakes(const ObjectName& object, const config::Node& table) {
  if (!is_name(object.name)) {
    return {{table.place(),
             fmt::format("'{}' is no name: {}", escaped(as_bytes(object.name), 64), config::kNameRule)}};
  }
  return config::check(table, key_table(), object.path());
}

// Puts `plan` among `plans`, or its mistakes and those of its targets among the mistakes.
template <class Plans, class Plan>
void take_plan(Plans& plans, const std::string& name, config::Checked<Plan> plan,
               config::Mistakes& mistakes) {
  if (plan) {
    plans.insert_or_assign(name, std::move(*plan));
  } else {
    add(mistakes, std::move(plan).error());
  }
}

}  // namespace

std::size_t ClientPlans::place_of(std::string_view name) const {
  const auto name_of = [](const Plan& plan) -> std::string_view { return plan->owner->name; };
  return static_cast<std::size_t>(std::ranges::lower_bound(plans_, name, {}, name_of) - plans_.begin());
}

ClientPlans::Plan ClientPlans::find(std::string_view name) const {
  const auto place = place_of(name);
  return place == plans_.size() || plans_[place]->owner->name != name ? nullptr : plans_[place];
}

void ClientPlans::insert_or_assign(std::string_view name, Plan plan) {
  const auto place = place_of(name);
  if (contains(name)) {
    plans_[place] = std::move(plan);
  } else {
    plans_.insert(plans_.begin() + static_cast<std::ptrdiff_t>(place), std::move(plan));
  }
}

void ClientPlans::erase(std::string_view name) {
  if (contains(name)) plans_.erase(plans_.begin() + static_cast<std::ptrdiff_t>(place_of(name)));
}

std::filesystem::path Sources::saved_file() const { return state / kFolder / config::kSavedFile; }

Sources find_sources(const std::filesystem::path& file, bool is_service) {
  const char* const folder = std::getenv("STATE_DIRECTORY");
  if (folder != nullptr && *folder != '\0') return {file, folder};
  auto state = declared_state(file);
  if (state.empty() && is_service) state = key_table().find("daemon.state")->fallback;
  return {file, std::move(state)};
}

config::Checked<Design> load(const Sources& sources, StatsBook& stats) {
  const auto files = read(sources);
  if (!files) return tl::make_unexpected(files.error());
  auto design = design_of(files->root, stats);
  if (!design) return design;
  if (auto mistakes = hidden_mistakes(*files); !mistakes.empty())
    return tl::make_unexpected(std::move(mistakes));
  design->conflicts = conflicts_of(*files, {}, {});
  return design;
}

config::Checked<config::Files> read(const Sources& sources, const config::FilesWin& win) {
  return config::read_files(sources.file, sources.state.empty() ? "" : sources.state / kFolder, win);
}

config::Checked<Design> design_of(const config::Node& root, StatsBook& stats) {
  auto config = config::build(root, key_table());
  if (!config) return tl::make_unexpected(with_options(std::move(config).error(), root));
  Design design;
  design.config = std::make_shared<const config::Config>(std::move(*config));
  config::Mistakes mistakes;
  for_each_object(root, "listeners", [&](const std::string& name, const config::Node& table) {
    take_plan(design.listeners, name, plan_of(design.config->listeners.at(name), table, stats), mistakes);
    add(mistakes, own_api_mistakes(design.config->api, table));
  });
  const auto probes = count_probes(*design.config);
  for_each_object(root, "clients", [&](const std::string& name, const config::Node& table) {
    take_plan(design.clients, name, plan_of(design.config->clients.at(name), table, stats, probes), mistakes);
    add(mistakes, own_api_mistakes(design.config->api, table));
  });
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  return design;
}

config::Checked<Design> with_object(Design design, const ObjectName& object, const config::Node& table,
                                    StatsBook& stats) {
  const auto& name = object.name;
  auto mistakes = object_mistakes(object, table);
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  mistakes = own_api_mistakes(design.config->api, table);
  auto config = std::make_shared<config::Config>(*design.config);
  if (object.kind == ObjectKind::listener) {
    auto& listener = config->listeners[name];
    listener = std::make_shared<const config::Listener>(config::build_listener(name, table, key_table()));
    take_plan(design.listeners, name, plan_of(listener, table, stats), mistakes);
  } else {
    auto& client = config->clients[name];
    client = std::make_shared<const config::Client>(config::build_client(name, table, key_table()));
    take_plan(design.clients, name, plan_of(client, table, stats, count_probes(*config)), mistakes);
  }
  if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
  design.config = std::move(config);
  return design;
}

Design without_object(Design design, const ObjectName& object) {
  auto config = std::make_shared<config::Config>(*design.config);
  if (object.kind == ObjectKind::listener) {
    config->listeners.erase(object.name);
    design.listeners.erase(object.name);
  } else {
    config->clients.erase(object.name);
    design.clients.erase(object.name);
  }
  design.config = std::move(config);
  return design;
}

bool is_of_file(const config::Config& config, const ObjectName& object) {
  const auto find_in = [&](const auto& objects) {
    const auto found = objects.find(object.name);
    return found != objects.end() && found->second->source == config::Source::file;
  };
  return object.kind == ObjectKind::listener ? find_in(config.listeners) : find_in(config.clients);
}

const config::Written* find_object(const config::Config& config, const ObjectName& object) {
  const auto find_in = [&](const auto& objects) -> const config::Written* {
    const auto found = objects.find(object.name);
    return found == objects.end() ? nullptr : &found->second->written;
  };
  return object.kind == ObjectKind::listener ? find_in(config.listeners) : find_in(config.clients);
}

}  // namespace tcpctl
