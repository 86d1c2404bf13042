// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
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
  /// `is_of_file`: it was, by now, as a file declares it.
  void put(const ObjectName& object, config::Written table, bool is_of_file);
  /// Leaves nothing of an object that no file declares.
  void remove(const ObjectName& object, bool is_of_file);

  /// By object: its table, or nothing where it was removed.
  [[nodiscard]] const std::map<ObjectName, std::optional<config::Written>>& all() const { return changes_; }

  /// `saved` stands in a file now, so that those that are still as in it are changes no more; of those
  /// objects `is_there` says which there still are.
  void note_saved(const RuntimeChanges& saved, const std::function<bool(const ObjectName&)>& is_there);

  struct OnTop;
  /// `files` with the changes on top. An object that is both in the files and here is a conflict, and
  /// `files_win` decides it, unless both say the same.
  [[nodiscard]] OnTop put_on(config::Node files, bool files_win) const;

 private:
  std::map<ObjectName, std::optional<config::Written>> changes_;
  std::set<ObjectName> declared_;  // those of them that a file declares, too
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
