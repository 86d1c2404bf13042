// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"

#include <algorithm>
#include <cassert>

#include "base/text.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

const Node& empty_table() {
  static const Node kEmpty{Node::Table{}, {}};
  return kEmpty;
}

std::string text_of(const Node& node, const Key& key) {
  const auto* text = node.as<std::string>();
  if (text == nullptr) return "";
  return key.type == KeyType::hex ? from_hex(*text).value_or("") : *text;
}

double rate_of(const Node& node, const Key& key) {
  const auto text = text_of(node, key);
  if (key.type == KeyType::rate) return parse_rate(text).value_or(0);
  return static_cast<double>(parse_byte_rate(text).value_or(Bytes{0}).count());
}

bool is_off(const Node& node) { return node.as<std::monostate>() != nullptr; }

}  // namespace

const Node* OptionReader::written(std::string_view key) const {
  // A name that the user chose may have dots itself.
  if (keys_->is_map(path_)) return table_->find(key);
  const Node* node = table_;
  while (node != nullptr && !key.empty()) {
    const auto dot = std::min(key.find('.'), key.size());
    node = node->find(key.substr(0, dot));
    key.remove_prefix(std::min(dot + 1, key.size()));
  }
  return node;
}

const Key& OptionReader::key(std::string_view key) const {
  const auto* found = keys_->find(join_path(path_, key));
  assert(found != nullptr && "the key table does not have this key");
  return *found;
}

Node OptionReader::effective(std::string_view key) const {
  const auto* node = written(key);
  return node != nullptr ? *node : fallback_of(this->key(key));
}

bool OptionReader::has(std::string_view key) const { return written(key) != nullptr; }

bool OptionReader::boolean(std::string_view key) const {
  const auto node = effective(key);
  const auto* value = node.as<bool>();
  return value != nullptr && *value;
}

std::int64_t OptionReader::integer(std::string_view key) const { return maybe_integer(key).value_or(0); }

double OptionReader::number(std::string_view key) const {
  const auto node = effective(key);
  if (const auto* integer = node.as<std::int64_t>()) return static_cast<double>(*integer);
  const auto* value = node.as<double>();
  return value != nullptr ? *value : 0;
}

Duration OptionReader::duration(std::string_view key) const {
  return maybe_duration(key).value_or(Duration::zero());
}

Bytes OptionReader::size(std::string_view key) const {
  return parse_size(text_of(effective(key), this->key(key))).value_or(Bytes{0});
}

double OptionReader::rate(std::string_view key) const { return maybe_rate(key).value_or(0); }

std::string OptionReader::text(std::string_view key) const { return maybe_text(key).value_or(""); }

std::vector<std::string> OptionReader::texts(std::string_view key) const {
  const auto& declared = this->key(key);
  const auto node = effective(key);
  std::vector<std::string> texts;
  if (const auto* list = node.as<Node::List>()) {
    for (const auto& element : *list) texts.push_back(text_of(element, declared));
  } else if (!is_off(node)) {
    texts.push_back(text_of(node, declared));
  }
  return texts;
}

std::optional<std::int64_t> OptionReader::maybe_integer(std::string_view key) const {
  const auto node = effective(key);
  const auto* value = node.as<std::int64_t>();
  return value != nullptr ? std::optional{*value} : std::nullopt;
}

std::optional<Duration> OptionReader::maybe_duration(std::string_view key) const {
  const auto parsed = parse_duration(text_of(effective(key), this->key(key)));
  return parsed ? std::optional{*parsed} : std::nullopt;
}

std::optional<double> OptionReader::maybe_rate(std::string_view key) const {
  const auto node = effective(key);
  return is_off(node) ? std::nullopt : std::optional{rate_of(node, this->key(key))};
}

std::optional<std::string> OptionReader::maybe_text(std::string_view key) const {
  const auto node = effective(key);
  return is_off(node) ? std::nullopt : std::optional{text_of(node, this->key(key))};
}

OptionReader OptionReader::table(std::string_view key) const {
  const auto* node = written(key);
  auto path = join_path(path_, keys_->is_map(path_) ? "*" : key);
  return {node != nullptr ? *node : empty_table(), *keys_, std::move(path)};
}

std::vector<OptionReader> OptionReader::elements(std::string_view key) const {
  const auto path = join_path(path_, key) + "[]";
  const auto* node = written(key);
  std::vector<OptionReader> readers;
  if (node == nullptr) return readers;
  if (const auto* list = node->as<Node::List>()) {
    for (const auto& element : *list) readers.emplace_back(element, *keys_, path);
  } else {
    readers.emplace_back(*node, *keys_, path);
  }
  return readers;
}

std::optional<std::string> OptionReader::scalar() const {
  const auto* text = table_->as<std::string>();
  return text != nullptr ? std::optional{*text} : std::nullopt;
}

std::vector<std::string> OptionReader::names() const {
  std::vector<std::string> names;
  if (const auto* table = table_->as<Node::Table>()) {
    for (const auto& [name, node] : *table) names.push_back(name);
  }
  return names;
}

Mistake OptionReader::mistake(std::string_view key, std::string what) const {
  const auto* node = written(key);
  return {node != nullptr ? node->place() : table_->place(), std::move(what)};
}

}  // namespace tcpctl::config
