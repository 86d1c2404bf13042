// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "config/options.hpp"
#include "config/value.hpp"

namespace tcpctl::config {

void KeyTable::add(std::string_view prefix, std::span<const Key> keys) {
  for (const auto& key : keys) {
    auto path = join_path(prefix, key.path);
    assert(find(path) == nullptr && "a key is declared once");
    note(path, entries_.size());
    entries_.push_back({std::move(path), key});
  }
}

void KeyTable::note(std::string_view path, std::size_t entry) {
  constexpr std::string_view kElements = "[]";
  std::string above;
  for (auto rest = path; !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    auto name = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    const bool has_elements = name.ends_with(kElements);
    if (has_elements) name.remove_suffix(kElements.size());
    Place& parent = places_[above];
    if (name == "*") {
      parent.is_map = true;
    } else if (std::ranges::find(parent.children, name) == parent.children.end()) {
      parent.children.emplace_back(name);
    }
    above = join_path(above, name);
    if (has_elements) {
      places_[above].has_elements = true;
      above += kElements;
    }
  }
  places_[above].entry = entry;
}

const KeyTable::Place& KeyTable::place(std::string_view path) const {
  static const Place kNothing;
  const auto found = places_.find(path);
  return found == places_.end() ? kNothing : found->second;
}

const Key* KeyTable::find(std::string_view path) const {
  const auto entry = place(path).entry;
  return entry ? &entries_[*entry].key : nullptr;
}

const std::vector<std::string>& KeyTable::children(std::string_view path) const {
  return place(path).children;
}

bool KeyTable::is_map(std::string_view path) const { return place(path).is_map; }

bool KeyTable::has_elements(std::string_view path) const { return place(path).has_elements; }

}  // namespace tcpctl::config
