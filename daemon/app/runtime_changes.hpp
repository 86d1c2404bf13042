// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "stats/objects.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// What was changed at run time on top of what the files say: a reload keeps it, a save writes it.
///
/// Threads: a plain value.
class RuntimeChanges {
 public:
  void put(const ObjectName& object, config::Written table) {
    changes_.insert_or_assign(object, std::move(table));
  }
  void remove(const ObjectName& object) { changes_.insert_or_assign(object, std::nullopt); }

  /// By object: its table, or nothing where it was removed.
  [[nodiscard]] const std::map<ObjectName, std::optional<config::Written>>& all() const { return changes_; }

  /// Takes out those that are still as in `saved`.
  void forget(const RuntimeChanges& saved) {
    std::erase_if(changes_, [&](const auto& change) {
      const auto found = saved.changes_.find(change.first);
      return found != saved.changes_.end() && found->second == change.second;
    });
  }

  struct OnTop;
  /// `files` with the changes on top. An object that is both in the files and here is a conflict, and
  /// `files_win` decides it, unless both say the same.
  [[nodiscard]] OnTop put_on(config::Node files, bool files_win) const;

 private:
  std::map<ObjectName, std::optional<config::Written>> changes_;
};

struct RuntimeChanges::OnTop {
  config::Node root;
  RuntimeChanges left;  // those that still say something else than the files
  std::vector<ReloadRow::Conflict> conflicts;
  config::Mistakes mistakes;  // of the files, in objects that the changes hide
};

/// Do both mean the same object, however it is written?
[[nodiscard]] bool says_the_same(const config::Node& declared, const config::Written& table,
                                 const ObjectName& object);

}  // namespace tcpctl
