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
#include "config/files.hpp"
#include "endpoints/plan.hpp"
#include "stats/objects.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// The plans of all clients, in the order of their names: 16 bytes for each of thousands, where a map takes
/// 96. Threads: a plain value.
class ClientPlans {
 public:
  using Plan = std::shared_ptr<const ClientPlan>;

  void insert_or_assign(std::string_view name, Plan plan);
  void erase(std::string_view name);
  /// Null if there is none.
  [[nodiscard]] Plan find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::size_t size() const { return plans_.size(); }
  [[nodiscard]] auto begin() const { return plans_.begin(); }
  [[nodiscard]] auto end() const { return plans_.end(); }

 private:
  /// Where the plan of this name is, or would be.
  [[nodiscard]] std::size_t place_of(std::string_view name) const;

  std::vector<Plan> plans_;
};

/// A configuration and what is made of it, right in every part.
struct Design {
  std::shared_ptr<const config::Config> config;
  std::map<std::string, std::shared_ptr<const ListenerPlan>> listeners;
  ClientPlans clients;
  std::vector<ReloadRow::Conflict> conflicts{};  // where it was loaded: declarations that do not hold
};

/// Where the configuration is read, found once at the start. Threads: a plain value.
struct Sources {
  std::filesystem::path file;
  std::filesystem::path state{};  // folder; empty: there is none, to read from or to save into

  /// Where a save goes, so that `read` finds it.
  [[nodiscard]] std::filesystem::path saved_file() const;
};

/// `file` and its state folder: $STATE_DIRECTORY, else `daemon.state` of `file` and the conf.d beside it.
/// Else that of the service, if `is_service`: a file that is tried by hand must not share it. Files with
/// mistakes name none.
[[nodiscard]] Sources find_sources(const std::filesystem::path& file, bool is_service);

/// Reads the file, its conf.d and that of the state folder. Errors: all mistakes, in the order of the text.
[[nodiscard]] config::Checked<Design> load(const Sources& sources, StatsBook& stats);
/// The first half of it: the tree of all files.
[[nodiscard]] config::Checked<config::Files> read(const Sources& sources, const config::FilesWin& win = {});
/// The second half: a tree that was read, of files or as the API's JSON.
[[nodiscard]] config::Checked<Design> design_of(const config::Node& root, StatsBook& stats);

/// `design` with the listener or client `object` made of `table`, whether or not there was one.
[[nodiscard]] config::Checked<Design> with_object(Design design, const ObjectName& object,
                                                  const config::Node& table, StatsBook& stats);
/// `design` without it.
[[nodiscard]] Design without_object(Design design, const ObjectName& object);
/// The table of `object`; null if it is not declared.
[[nodiscard]] const config::Written* find_object(const config::Config& config, const ObjectName& object);
/// Is it there, and as a file declares it?
[[nodiscard]] bool is_of_file(const config::Config& config, const ObjectName& object);

}  // namespace tcpctl
