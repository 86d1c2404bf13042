// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "app/loader.hpp"
#include "app/runtime_changes.hpp"
#include "base/error.hpp"
#include "config/config.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// What runs and would not after a restart. Threads: a plain value.
struct Unsaved {
  RuntimeChanges changes;
  std::set<std::string> files_won;  // by a reload, over what saved.toml says: "listeners.web"
};

/// What a save is to write, that a restart brings the same objects. Threads: a plain value.
struct SavePlan {
  std::filesystem::path file;
  std::string text;
  SaveRow row;
  std::vector<ReloadRow::Conflict> conflicts;  // declarations that will not hold
};

/// Reads the files anew. The plan is the saved.toml of now with `unsaved` on top, not what runs: so what was
/// edited in files and not yet reloaded stays. Errors: all mistakes of the files.
/// Threads: any; reads files.
[[nodiscard]] config::Checked<SavePlan> plan_save(const Sources& sources, const Unsaved& unsaved);

/// Errors: conflict, where the file would be larger than what is read, or belongs to another user, whose
/// daemon could not read it any more. Threads: any.
[[nodiscard]] Result<void> may_write(const SavePlan& plan);

}  // namespace tcpctl
