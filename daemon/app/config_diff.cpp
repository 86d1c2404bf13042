// SPDX-License-Identifier: Apache-2.0
#include "app/config_diff.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/key_table.hpp"
#include "config/files.hpp"

namespace tcpctl {
namespace {

using config::Node;

/// The value of "api.tokens.a.b.role" below `node`: names may have dots, too. Null where it is not written.
const Node* value_at(const Node& node, std::string_view key) {
  const auto* const table = node.as<Node::Table>();
  if (table == nullptr) return nullptr;
  for (const auto& [name, member] : *table) {
    if (key == name) return &member;
    if (!key.starts_with(name) || key.substr(name.size(), 1) != ".") continue;
    if (const Node* const found = value_at(member, key.substr(name.size() + 1))) return found;
  }
  return nullptr;
}

/// One side of the difference.
class Side {
 public:
  Side(const config::Config& config, bool redact) : root_{config::whole(config)} {
    if (redact) root_ = config::redacted(root_, key_table(), "");
  }

  /// JSON of `key` of the object or section `name`; empty where it is not written.
  [[nodiscard]] std::string json(const std::string& name, const std::string& key) const {
    const Node* const part =
        name.find('.') == std::string::npos ? root_.find(name) : config::find_declared(root_, name);
    const Node* const value = part == nullptr ? nullptr : value_at(*part, key);
    return value == nullptr ? std::string{} : config::to_json(*value, {}, "", false);
  }

 private:
  Node root_;
};

}  // namespace

ConfigDiffRow config_diff(const config::Config& running, const Sources& sources, bool redact) {
  ConfigDiffRow row;
  StatsBook scratch{1};
  auto design = load(sources, scratch);
  if (!design) {
    for (const auto& mistake : design.error()) row.errors.push_back(mistake.text());
    return row;
  }
  row.conflicts = std::move(design->conflicts);
  auto difference = config::difference(*design->config, running, key_table());
  row.added = std::move(difference.added);
  row.removed = std::move(difference.removed);
  const Side files{*design->config, redact}, runs{running, redact};
  for (const auto& change : difference.changed) {
    ConfigDiffRow::Change told{change.name, {}};
    for (const auto& [key, applies] : change.keys)
      told.keys.push_back({key, runs.json(change.name, key), files.json(change.name, key)});
    row.changed.push_back(std::move(told));
  }
  return row;
}

}  // namespace tcpctl
