// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/toml_text.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

constexpr std::string_view kTable = "saved";
constexpr std::string_view kHead =
    "# Written by tcpctld for `tcpctl config save`. Do not edit it while tcpctld runs: the next save writes "
    "it anew.\n";

constexpr std::array kSavedKeys{
    Key{.path = "saved.replaces", .type = KeyType::text, .list = true},
    Key{.path = "saved.removes", .type = KeyType::text, .list = true},
};

const KeyTable& saved_keys() {
  static const KeyTable keys = [] {
    KeyTable table;
    table.add("", kSavedKeys);
    return table;
  }();
  return keys;
}

/// "listeners.web" -> its table and its name.
std::pair<std::string_view, std::string_view> parts(std::string_view object) {
  const auto dot = std::min(object.find('.'), object.size());
  return {object.substr(0, dot), object.substr(std::min(dot + 1, object.size()))};
}

bool is_object(std::string_view text) {
  const auto [kind, name] = parts(text);
  return (kind == "listeners" || kind == "clients") && is_name(name);
}

/// Reads one of the lists.
class Names {
 public:
  Names(const Node& table, std::string_view key) {
    const Node* const written = table.find(key);
    if (written == nullptr) return;
    const auto* const list = written->as<Node::List>();
    if (list == nullptr) {
      read(*written);
    } else {
      for (const auto& entry : *list) read(entry);
    }
  }
  [[nodiscard]] std::set<std::string> take() { return std::move(names_); }
  [[nodiscard]] Mistakes take_mistakes() { return std::move(mistakes_); }

  /// A mistake for each name that `is_wrong`.
  template <class Wrong>
  void refuse(Wrong is_wrong, std::string_view why) {
    for (const auto& [name, place] : places_) {
      if (is_wrong(name)) mistakes_.push_back({place, fmt::format("{}: {} {}", place.label(), name, why)});
    }
  }

 private:
  void read(const Node& entry) {
    const auto& text = *entry.as<std::string>();
    if (is_object(text)) {
      names_.insert(text);
      places_.emplace_back(text, entry.place());
      return;
    }
    mistakes_.push_back(
        {entry.place(), fmt::format("{}: expected \"listeners.NAME\" or \"clients.NAME\", got \"{}\"",
                                    entry.place().label(), escaped(as_bytes(text), 64))});
  }

  std::set<std::string> names_;
  std::vector<std::pair<std::string, Place>> places_;
  Mistakes mistakes_;
};

Node list_node(const std::set<std::string>& names) {
  Node node{Node::List{}, {}};
  auto& list = std::get<Node::List>(node.value());
  for (const auto& name : names) list.emplace_back(name, Place{});
  return node;
}

}  // namespace

const Node* find_declared(const Node& root, std::string_view object) {
  const auto [kind, name] = parts(object);
  const Node* const objects = root.find(kind);
  return objects == nullptr ? nullptr : objects->find(name);
}

std::vector<std::string> objects_of(const Node& root) {
  std::vector<std::string> objects;
  for (const std::string_view kind : {"listeners", "clients"}) {
    const Node* const node = root.find(kind);
    const auto* const table = node == nullptr ? nullptr : node->as<Node::Table>();
    if (table == nullptr) continue;
    for (const auto& [name, object] : *table) objects.push_back(fmt::format("{}.{}", kind, name));
  }
  return objects;
}

Node take_declared(Node& root, std::string_view object) {
  if (find_declared(root, object) == nullptr) return {};
  const auto [kind, name] = parts(object);
  auto& kinds = std::get<Node::Table>(root.value());
  auto& objects = std::get<Node::Table>(kinds.find(kind)->second.value());
  auto taken = objects.extract(objects.find(name));
  return std::move(taken.mapped());
}

Checked<Saved> take_saved(Node root) {
  Saved saved;
  auto* const table = std::get_if<Node::Table>(&root.value());
  const auto found = table == nullptr ? Node::Table::iterator{} : table->find(kTable);
  if (table != nullptr && found != table->end()) {
    const Node written = std::move(found->second);
    table->erase(found);
    if (auto mistakes = check(written, saved_keys(), kTable); !mistakes.empty())
      return tl::make_unexpected(std::move(mistakes));
    Names replaces{written, "replaces"}, removes{written, "removes"};
    const auto is_declared = [&](const std::string& name) { return find_declared(root, name) != nullptr; };
    replaces.refuse([&](const auto& name) { return !is_declared(name); },
                    "is not declared below; what is only to go stands in 'removes'");
    removes.refuse(is_declared, "is declared below; that stands in 'replaces'");
    auto mistakes = replaces.take_mistakes();
    auto more = removes.take_mistakes();
    std::move(more.begin(), more.end(), std::back_inserter(mistakes));
    if (!mistakes.empty()) return tl::make_unexpected(std::move(mistakes));
    saved.replaces = replaces.take();
    saved.removes = removes.take();
  }
  saved.rest = std::move(root);
  return saved;
}

std::string Saved::text() const {
  Node::Table table;
  if (!replaces.empty()) table.emplace("replaces", list_node(replaces));
  if (!removes.empty()) table.emplace("removes", list_node(removes));
  std::string text{kHead};
  if (!table.empty()) {
    Node::Table head;
    head.emplace(kTable, Node{std::move(table), {}});
    text += "\n" + to_toml(Node{std::move(head), {}});
  }
  if (const auto objects = to_toml(rest); !objects.empty()) text += "\n" + objects;
  return text;
}

}  // namespace tcpctl::config
