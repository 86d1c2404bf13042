// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/config.hpp"
#include "config/rules.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

constexpr std::size_t kListedKeys = 12;  // more would not be read
constexpr std::size_t kMostMistakes = 1000;

/// The maps whose names are names of the contract; others have rules of their own.
constexpr std::array<std::string_view, 3> kNamedMaps{"listeners", "clients", "api.tokens"};

/// Walks a tree along the key table and gathers all that is wrong with it.
class Checker {
 public:
  explicit Checker(const KeyTable& keys) : keys_{keys} {}

  void node(const Node& node, const std::string& path) {
    if (is_full()) return;
    const auto* key = keys_.find(path);
    if (keys_.has_elements(path)) {
      elements(node, path);
    } else if (key != nullptr && key->type != KeyType::table) {
      value(node, *key);
    } else {
      table(node, path);
    }
  }

  [[nodiscard]] Mistakes take() {
    std::sort(mistakes_.begin(), mistakes_.end(), [](const Mistake& left, const Mistake& right) {
      if (left.place.before(right.place)) return true;
      return !right.place.before(left.place) && left.what < right.what;
    });
    if (is_full()) {
      mistakes_.resize(kMostMistakes);
      mistakes_.push_back({mistakes_.back().place, "further mistakes are not listed"});
    }
    return std::move(mistakes_);
  }

 private:
  /// A hostile text must not cost many times its own size in sentences about it.
  [[nodiscard]] bool is_full() const { return mistakes_.size() > kMostMistakes; }

  void add(Place place, std::string what) {
    if (!is_full()) mistakes_.push_back({std::move(place), std::move(what)});
  }

  void refuse(const Node& node, std::string_view what) {
    const auto label = node.place().label();
    add(node.place(), label.empty() ? std::string{what} : fmt::format("{}: {}", label, what));
  }

  /// What stands in the place of a table that has secrets may be one of them.
  [[nodiscard]] bool has_secrets(const std::string& path) const {
    return std::ranges::any_of(
        keys_.entries(), [&](const auto& entry) { return entry.key.secret && entry.path.starts_with(path); });
  }

  void value(const Node& node, const Key& key) {
    const auto* list = key.list ? node.as<Node::List>() : nullptr;
    if (list == nullptr) {
      scalar(node, key);
      return;
    }
    if (list->empty() && key.required) refuse(node, "must have at least one element");
    for (const auto& element : *list) scalar(element, key);
  }

  void scalar(const Node& node, const Key& key) {
    const auto* text = key.secret ? node.as<std::string>() : nullptr;
    if (text != nullptr && *text == kRedacted) {
      refuse(node, fmt::format("{} stands for a value that was not shown; write the value", kRedacted));
      return;
    }
    if (const auto what = wrong(node, key)) refuse(node, *what);
  }

  void elements(const Node& node, const std::string& path) {
    const auto* key = keys_.find(path + "[]");
    const auto* list = node.as<Node::List>();
    if (list == nullptr) {
      element(node, key, path + "[]");
      return;
    }
    if (list->empty() && key != nullptr && key->required) refuse(node, "must have at least one element");
    for (const auto& one : *list) element(one, key, path + "[]");
  }

  /// A scalar where the key of the elements allows one, else a table.
  void element(const Node& node, const Key* key, const std::string& path) {
    const bool scalars = key != nullptr && key->type != KeyType::table;
    if (scalars && (node.as<Node::Table>() == nullptr || keys_.children(path).empty())) {
      scalar(node, *key);
    } else {
      table(node, path);
    }
  }

  void table(const Node& node, const std::string& path) {
    const auto* table = node.as<Node::Table>();
    if (table == nullptr) {
      refuse(node, fmt::format("expected a table, got {}",
                               has_secrets(path) ? std::string{kind_of(node)} : described(node)));
      return;
    }
    if (keys_.is_map(path)) {
      named(*table, path);
    } else {
      members(*table, path);
      require_keys(node, "", keys_, path, mistakes_);
    }
    apply_rules(node, keys_, path, mistakes_);
  }

  void named(const Node::Table& table, const std::string& path) {
    const bool names = std::find(kNamedMaps.begin(), kNamedMaps.end(), path) != kNamedMaps.end();
    for (const auto& [name, member] : table) {
      if (names && !is_name(name)) {
        add(member.key_place(), fmt::format("'{}' is no name: {}", escaped(as_bytes(name), 64), kNameRule));
      }
      node(member, join_path(path, "*"));
    }
  }

  void members(const Node::Table& table, const std::string& path) {
    const auto& known = keys_.children(path);
    for (const auto& [name, member] : table) {
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        node(member, join_path(path, name));
      } else if (!is_empty_service_table(path, name, member)) {
        unknown(name, member, known);
      }
    }
  }

  /// A service without keys may have its table written all the same, as the API prints it.
  [[nodiscard]] bool is_empty_service_table(std::string_view path, std::string_view name,
                                            const Node& member) const {
    if (path != "listeners.*") return false;
    const auto* table = member.as<Node::Table>();
    const auto services = service_names(keys_);
    return table != nullptr && table->empty() &&
           std::find(services.begin(), services.end(), name) != services.end();
  }

  void unknown(std::string_view name, const Node& member, const std::vector<std::string>& known) {
    auto hint = suggestion(name, known);
    if (hint.empty() && known.empty()) hint = "; no keys may stand here";
    if (hint.empty() && known.size() <= kListedKeys) {
      hint = fmt::format("; known here: {}", fmt::join(known, ", "));
    }
    if (hint.empty()) hint = "; `tcpctld --print-keys` lists all";
    add(member.key_place(), fmt::format("unknown key '{}'{}", escaped(as_bytes(name), 64), hint));
  }

  const KeyTable& keys_;
  Mistakes mistakes_;
};

}  // namespace

Mistakes check(const Node& node, const KeyTable& keys, std::string_view path) {
  Checker checker{keys};
  checker.node(node, std::string{path});
  return checker.take();
}

}  // namespace tcpctl::config
