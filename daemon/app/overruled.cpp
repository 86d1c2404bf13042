// SPDX-License-Identifier: Apache-2.0
#include "app/overruled.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/key_table.hpp"
#include "base/log.hpp"

namespace tcpctl {
namespace {

using Conflict = ReloadRow::Conflict;

bool is_told(const std::vector<Conflict>& conflicts, const Conflict& conflict) {
  return std::ranges::any_of(conflicts, [&](const Conflict& other) {
    return other.name == conflict.name && other.file == conflict.file;
  });
}

}  // namespace

ObjectName object_named(const std::string& text) {
  const auto dot = text.find('.');
  return {text.starts_with("listeners.") ? ObjectKind::listener : ObjectKind::client, text.substr(dot + 1)};
}

config::Mistakes hidden_mistakes(const config::Files& files) {
  config::Mistakes all;
  for (const auto& hidden : files.overruled) {
    if (hidden.file_won) continue;
    auto mistakes = config::check(hidden.declared, key_table(), object_named(hidden.name).path());
    std::move(mistakes.begin(), mistakes.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Conflict> conflicts_of(const config::Files& files, const RuntimeChanges& left,
                                   std::vector<Conflict> run_time) {
  std::vector<Conflict> all;
  for (const auto& hidden : files.overruled) {
    Conflict conflict{hidden.name, hidden.declared.key_place().text(), hidden.removed, hidden.file_won,
                      !hidden.file_won};
    if (is_told(run_time, conflict)) continue;
    if (const auto change = left.all().find(object_named(hidden.name)); change != left.all().end()) {
      conflict.removed = !change->second;
      conflict.is_saved = false;
    }
    all.push_back(std::move(conflict));
  }
  std::move(run_time.begin(), run_time.end(), std::back_inserter(all));
  return all;
}

void log_conflicts(const std::vector<Conflict>& conflicts) {
  for (const auto& conflict : conflicts) {
    log::warn("config.conflict", log::f("name", conflict.name), log::f("file", conflict.file),
              log::f("at_run_time", conflict.removed ? "removed" : "changed"),
              log::f("wins", conflict.file_won   ? "file"
                             : conflict.is_saved ? "saved"
                                                 : "runtime"));
  }
}

}  // namespace tcpctl
