// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "config/config.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

/// Gathers the keys whose values differ between two tables, however they are spelt.
class Comparer {
 public:
  explicit Comparer(const KeyTable& keys) : keys_{keys} {}

  [[nodiscard]] ChangedKeys compare(const Node* before, const Node* after, const std::string& path) {
    changed_.clear();
    walk(before, after, path, "");
    return std::move(changed_);
  }

 private:
  void walk(const Node* before, const Node* after, const std::string& path, const std::string& name) {
    const auto* key = keys_.find(path);
    if (keys_.has_elements(path)) {
      elements(before, after, path, name);
    } else if (key != nullptr && key->type != KeyType::table) {
      if (effective(before, *key) != effective(after, *key)) changed_.emplace_back(name, key->applies);
    } else {
      for (const auto& child : names(before, after, path)) {
        const auto below = join_path(path, keys_.is_map(path) ? std::string{"*"} : child);
        walk(member(before, child), member(after, child), below, join_path(name, child));
      }
    }
  }

  static std::string effective(const Node* written, const Key& key) {
    return written != nullptr ? canonical(*written, key) : canonical(fallback_of(key), key);
  }

  static const Node* member(const Node* table, const std::string& name) {
    return table == nullptr ? nullptr : table->find(name);
  }

  [[nodiscard]] std::vector<std::string> names(const Node* before, const Node* after,
                                               const std::string& path) const {
    if (!keys_.is_map(path)) return keys_.children(path);
    std::vector<std::string> names;
    for (const auto* node : {before, after}) {
      const auto* table = node == nullptr ? nullptr : node->as<Node::Table>();
      if (table == nullptr) continue;
      for (const auto& [name, value] : *table) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  /// A list of tables is one key to its reader; the weightiest of its elements' keys says when it applies.
  void elements(const Node* before, const Node* after, const std::string& path, const std::string& name) {
    if (same_elements(before, after, path + "[]")) return;
    auto applies = Applies::now;
    for (const auto& [entry, key] : keys_.entries()) {
      if (entry.starts_with(path + "[]")) applies = std::max(applies, key.applies);
    }
    changed_.emplace_back(name, applies);
  }

  [[nodiscard]] bool same_elements(const Node* before, const Node* after, const std::string& path) const {
    return std::ranges::equal(listed(before), listed(after), [&](const Node* left, const Node* right) {
      const auto* key = keys_.find(path);
      const bool are_tables = left->as<Node::Table>() != nullptr && right->as<Node::Table>() != nullptr;
      if (!are_tables) return key != nullptr && canonical(*left, *key) == canonical(*right, *key);
      Comparer within{keys_};
      for (const auto& child : keys_.children(path))
        within.walk(left->find(child), right->find(child), join_path(path, child), child);
      return within.changed_.empty();
    });
  }

  static std::vector<const Node*> listed(const Node* node) {
    if (node == nullptr) return {};
    const auto* list = node->as<Node::List>();
    if (list == nullptr) return {node};
    std::vector<const Node*> nodes;
    for (const auto& element : *list) nodes.push_back(&element);
    return nodes;
  }

  const KeyTable& keys_;
  ChangedKeys changed_;
};

ChangedKeys changed_keys(const Written& before, const Written& after, const std::string& path,
                         Comparer& comparer) {
  if (before == after) return {};
  const Node left = before.node(), right = after.node();
  return comparer.compare(&left, &right, path);
}

/// Adds and removes names, and keeps or changes those that are in both.
template <class Objects>
void compare_objects(const std::string& kind, const Objects& before, const Objects& after, Comparer& comparer,
                     Difference& difference) {
  for (const auto& [name, object] : after) {
    const auto full = fmt::format("{}.{}", kind, name);
    const auto found = before.find(name);
    if (found == before.end()) {
      difference.added.push_back(full);
      continue;
    }
    auto keys = changed_keys(found->second->written, object->written, kind + ".*", comparer);
    if (keys.empty()) {
      difference.kept.push_back(full);
    } else {
      difference.changed.push_back({full, std::move(keys)});
    }
  }
  for (const auto& [name, object] : before) {
    if (!after.contains(name)) difference.removed.push_back(fmt::format("{}.{}", kind, name));
  }
}

/// The tables that are no map of objects, in the order of their keys: one that is new is compared, too.
std::vector<std::string> sections(const KeyTable& keys) {
  std::vector<std::string> names;
  for (const auto& [path, key] : keys.entries()) {
    auto name = path.substr(0, path.find('.'));
    if (std::ranges::count(names, name) == 0) names.push_back(std::move(name));
  }
  std::erase_if(names, [&](const std::string& name) { return keys.is_map(name); });
  return names;
}

}  // namespace

ChangedKeys difference(const Written& before, const Written& after, const KeyTable& keys,
                       std::string_view path) {
  Comparer comparer{keys};
  return changed_keys(before, after, std::string{path}, comparer);
}

Difference difference(const Config& before, const Config& after, const KeyTable& keys) {
  Difference difference;
  Comparer comparer{keys};
  for (const auto& section : sections(keys)) {
    auto changed = comparer.compare(before.sections->find(section), after.sections->find(section), section);
    if (!changed.empty()) difference.changed.push_back({section, std::move(changed)});
  }
  compare_objects("listeners", before.listeners, after.listeners, comparer, difference);
  compare_objects("clients", before.clients, after.clients, comparer, difference);
  return difference;
}

}  // namespace tcpctl::config
