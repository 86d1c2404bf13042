// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "app/runtime_changes.hpp"
#include "config/files.hpp"
#include "stats/snapshot.hpp"

namespace tcpctl {

/// "listeners.web" as the files' reader names it.
[[nodiscard]] ObjectName object_named(const std::string& text);

/// What is wrong with declarations that do not hold since saved.toml replaces or removes them.
[[nodiscard]] config::Mistakes hidden_mistakes(const config::Files& files);

/// All declarations that do not hold, or would not had `files` not won: those that saved.toml overrules, and
/// `run_time`, those that `left` does.
[[nodiscard]] std::vector<ReloadRow::Conflict> conflicts_of(const config::Files& files,
                                                            const RuntimeChanges& left,
                                                            std::vector<ReloadRow::Conflict> run_time);

/// A line of the log each.
void log_conflicts(const std::vector<ReloadRow::Conflict>& conflicts);

}  // namespace tcpctl
