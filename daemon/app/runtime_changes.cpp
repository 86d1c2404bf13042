// SPDX-License-Identifier: Apache-2.0
#include "app/runtime_changes.hpp"

#include <fmt/format.h>

#include "app/key_table.hpp"

namespace tcpctl {
namespace {

using config::Node;

const Node* find(const Node& root, const ObjectName& object) {
  const Node* const table = root.find(object.table());
  return table == nullptr ? nullptr : table->find(object.name);
}

}  // namespace

bool says_the_same(const Node& declared, const config::Written& table, const ObjectName& object) {
  return config::difference(config::Written{declared}, table, key_table(), object.path()).empty();
}

void RuntimeChanges::put(const ObjectName& object, config::Written table, bool is_of_file) {
  if (is_of_file) declared_.insert(object);
  changes_.insert_or_assign(object, std::move(table));
}

void RuntimeChanges::remove(const ObjectName& object, bool is_of_file) {
  if (is_of_file) declared_.insert(object);
  if (declared_.contains(object)) {
    changes_.insert_or_assign(object, std::nullopt);
  } else {
    changes_.erase(object);
  }
}

void RuntimeChanges::note_saved(const RuntimeChanges& saved,
                                const std::function<bool(const ObjectName&)>& is_there) {
  for (const auto& [object, table] : saved.changes_) {
    const auto found = changes_.find(object);
    if (found == changes_.end()) {
      if (table && !is_there(object)) remove(object, true);  // while it was saved
    } else if (found->second == table) {
      changes_.erase(found);
      declared_.erase(object);
    } else if (table) {
      declared_.insert(object);
    }
  }
}

RuntimeChanges::OnTop RuntimeChanges::put_on(Node files, bool files_win) const {
  OnTop top{.root = std::move(files), .left = {}, .conflicts = {}, .mistakes = {}};
  for (const auto& [object, table] : changes_) {
    Node::Table* const objects = top.root.table(object.table());
    if (objects == nullptr) continue;
    if (const Node* const declared = find(top.root, object)) {
      auto mistakes = config::check(*declared, key_table(), object.path());
      const bool is_right = mistakes.empty();
      top.mistakes.insert(top.mistakes.end(), mistakes.begin(), mistakes.end());
      if (is_right && table && says_the_same(*declared, *table, object)) continue;
      top.conflicts.push_back({object.text(), declared->key_place().text(), !table, files_win});
      if (files_win) continue;
      top.left.declared_.insert(object);
    } else if (!table) {
      continue;
    }
    top.left.changes_.emplace(object, table);
    if (table) {
      objects->insert_or_assign(object.name, table->node(fmt::format("/{}/{}", object.table(), object.name)));
    } else {
      objects->erase(object.name);
    }
  }
  return top;
}

}  // namespace tcpctl
