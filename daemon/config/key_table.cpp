// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "config/options.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

/// What of `entry` stands below `path`; nothing if it does not. The first character says how: '.' or '['.
std::optional<std::string_view> below(std::string_view entry, std::string_view path) {
  if (!entry.starts_with(path) || entry.size() <= path.size()) return std::nullopt;
  const auto rest = entry.substr(path.size());
  if (path.empty() || rest.front() == '.' || rest.front() == '[') return rest;
  return std::nullopt;
}

}  // namespace

void KeyTable::add(std::string_view prefix, std::span<const Key> keys) {
  for (const auto& key : keys) {
    auto path = join_path(prefix, key.path);
    assert(find(path) == nullptr && "a key is declared once");
    entries_.push_back({std::move(path), key});
  }
}

const Key* KeyTable::find(std::string_view path) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [path](const Entry& entry) { return entry.path == path; });
  return found == entries_.end() ? nullptr : &found->key;
}

std::vector<std::string> KeyTable::children(std::string_view path) const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) {
    auto rest = below(entry.path, path);
    if (!rest || (!path.empty() && rest->front() != '.')) continue;
    if (!path.empty()) rest->remove_prefix(1);
    const auto name = rest->substr(0, rest->find_first_of(".["));
    if (name == "*" || std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.emplace_back(name);
  }
  return names;
}

bool KeyTable::is_map(std::string_view path) const {
  const auto star = join_path(path, "*");
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.path == star || below(entry.path, star); });
}

bool KeyTable::has_elements(std::string_view path) const {
  return std::any_of(entries_.begin(), entries_.end(), [path](const Entry& entry) {
    const auto rest = below(entry.path, path);
    return rest && rest->starts_with("[]");
  });
}

}  // namespace tcpctl::config
