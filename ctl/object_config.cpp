// SPDX-License-Identifier: Apache-2.0
#include "ctl/object_config.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "config/config.hpp"
#include "ctl/json.hpp"
#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

using config::Node;

tl::unexpected<Failure> wrong(std::string line) { return refuse(Exit::usage, std::move(line)); }

tl::unexpected<Failure> wrong_file(const std::string& file, const std::string& what) {
  return refuse(Exit::failed, fmt::format("{}: {}", safe(file), what));
}

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

/// "forward.connect_timeout" -> its parts; nothing if it is no key of TOML.
std::vector<std::string> parts_of(std::string_view key) {
  if (has_controls(key)) return {};
  const auto parsed = config::parse_toml(fmt::format("{} = 0", key), "");
  if (!parsed) return {};
  std::vector<std::string> parts;
  for (const Node* at = &*parsed; const auto* table = at->as<Node::Table>();) {
    if (table->size() != 1) return {};
    parts.push_back(table->begin()->first);
    at = &table->begin()->second;
  }
  return parts;
}

/// Where the '=' of KEY=VALUE stands: the first one outside of quotes.
std::size_t equals_of(std::string_view word) {
  char quote = 0;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char c = word[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '=') {
      return at;
    }
  }
  return std::string_view::npos;
}

std::optional<Node> toml_value(std::string_view text) {
  const auto parsed = config::parse_toml(fmt::format("v = {}", text), "");
  const auto* table = parsed ? parsed->as<Node::Table>() : nullptr;
  if (table == nullptr || table->size() != 1) return std::nullopt;  // more than one: a line feed in `text`
  const auto& value = table->begin()->second;
  const auto* number = value.as<double>();
  if (number != nullptr && !std::isfinite(*number)) return std::nullopt;  // JSON has no such number
  return value;
}

/// Begins as what only TOML's quotes and brackets can be; an IPv6 address begins with a bracket, too.
bool is_meant_as_toml(std::string_view text) {
  if (text.starts_with('"') || text.starts_with('\'') || text.starts_with('{')) return true;
  if (!text.starts_with('[') || text.size() < 2) return false;
  return text[1] != ':' && std::isxdigit(static_cast<unsigned char>(text[1])) == 0;
}

Answer<Node> text_node(std::string_view text, std::string_view key) {
  if (!json_string(text)) return wrong(fmt::format("{}: the value is no UTF-8", safe(key)));
  return Node{std::string{text}, {}};
}

Answer<Node> value_node(std::string_view text, std::string_view key) {
  if (auto value = toml_value(text)) return *std::move(value);
  if (is_meant_as_toml(text)) {
    return wrong(fmt::format("{}: '{}' is no TOML; check its quotes and brackets, and the shell's", safe(key),
                             safe(text)));
  }
  return text_node(text, key);
}

std::string pointer_of(const std::vector<std::string>& parts) {
  std::string pointer;
  for (const auto& part : parts) pointer += "/" + config::pointer_token(part);
  return pointer;
}

bool is_at_or_below(std::string_view pointer, std::string_view place) {
  return pointer.starts_with(place) && (pointer.size() == place.size() || pointer[place.size()] == '/');
}

/// A key that is missing, which the daemon tells as it is in a file, by the option that brings it: 'listen is
/// missing; write listen = "ADDRESS"' -> "--listen is missing; write --listen ADDRESS".
std::string by_option(const ObjectKind& kind, const std::string& detail) {
  for (const auto& option : kind.keys) {
    const auto missing = fmt::format("{} is missing; write {} = \"", option.key, option.key);
    if (!detail.starts_with(missing) || !detail.ends_with('"')) continue;
    const auto value = detail.substr(missing.size(), detail.size() - missing.size() - 1);
    return fmt::format("{} is missing; write {} {}", option.option, option.option, value);
  }
  return detail;
}

}  // namespace

Answer<void> ObjectConfig::put(std::string_view key, Node value, const std::string& option) {
  const auto parts = parts_of(key);
  if (parts.empty()) {
    return wrong(
        fmt::format("'{}' is no key; write it as in TOML: idle_timeout, forward.retries", safe(key)));
  }
  auto pointer = pointer_of(parts);
  const bool twice = std::ranges::any_of(brought_, [&](const Brought& one) {
    return is_at_or_below(one.pointer, pointer) || is_at_or_below(pointer, one.pointer);
  });
  if (twice) {
    return wrong(
        fmt::format("{} is given twice; a list is written {}='[\"A\", \"B\"]'", safe(key), safe(key)));
  }
  Node* at = &root_;
  for (const auto& part : parts) {
    if (at->as<Node::Table>() == nullptr) *at = Node{Node::Table{}, {}};
    at = &std::get<Node::Table>(at->value())[part];
  }
  *at = std::move(value);
  brought_.push_back({std::move(pointer), option});
  return {};
}

Answer<void> ObjectConfig::take_option(const KeyOption& option, const std::vector<std::string>& values) {
  if (option.form != KeyOption::Form::texts) {
    auto value = option.form == KeyOption::Form::text ? text_node(values.back(), option.option)
                                                      : value_node(values.back(), option.option);
    return value ? put(option.key, *std::move(value), option.option)
                 : Answer<void>{tl::make_unexpected(std::move(value).error())};
  }
  Node::List list;
  for (const auto& each : values) {
    auto value = text_node(each, option.option);
    if (!value) return tl::make_unexpected(std::move(value).error());
    list.push_back(*std::move(value));
  }
  return put(option.key, Node{std::move(list), {}}, option.option);
}

Answer<void> ObjectConfig::take_word(std::string_view word) {
  const auto equals = equals_of(word);
  if (equals == std::string_view::npos) {
    return wrong(fmt::format("'{}' is no KEY=VALUE; write idle_timeout=5m, or --unset KEY", safe(word)));
  }
  const auto key = word.substr(0, equals);
  const auto text = word.substr(equals + 1);
  if (text.empty()) return take_away(key);
  auto value = value_node(text, key);
  if (!value) return tl::make_unexpected(std::move(value).error());
  return put(key, *std::move(value), "");
}

Answer<void> ObjectConfig::take_away(std::string_view key) {
  if (taken_away_.empty()) taken_away_ = key;
  return put(key, Node{}, "");
}

Answer<void> ObjectConfig::take_file(const std::string& file, std::string_view text) {
  file_ = std::make_unique<ConfigFile>(file, text);
  if (!file_->mistakes().empty()) return refuse(Exit::failed, safe(file_->mistakes().front()));
  auto root = config::parse_json(file_->json());
  if (!root) return wrong_file(file, safe(root.error().front().what));
  if (root->as<Node::Table>() == nullptr)
    return wrong_file(file, fmt::format("is no table of a {}", kind_.noun));
  root_ = *std::move(root);
  return find_object(file);
}

/// Goes down to the one object that a file of the daemon's form declares.
Answer<void> ObjectConfig::find_object(const std::string& file) {
  const auto& table = std::get<Node::Table>(root_.value());
  const bool declares = table.contains("listeners") || table.contains("clients");
  if (!declares) return {};
  const auto* objects = root_.find(kind_.table);
  const auto* names = objects == nullptr ? nullptr : objects->as<Node::Table>();
  if (table.size() != 1 || names == nullptr || names->size() != 1) {
    return wrong_file(file, fmt::format("declares something else than one {}; write one [{}.NAME], or its "
                                        "keys alone",
                                        kind_.noun, kind_.table));
  }
  name_ = names->begin()->first;
  in_file_ = fmt::format("/{}/{}", kind_.table, config::pointer_token(name_));
  Node object = names->begin()->second;
  if (object.as<Node::Table>() == nullptr)
    return wrong_file(file, fmt::format("is no table of a {}", kind_.noun));
  root_ = std::move(object);
  return {};
}

bool ObjectConfig::is_empty() const { return std::get<Node::Table>(root_.value()).empty(); }

std::string ObjectConfig::json() const { return config::to_json(root_, {}, "", false); }

std::string ObjectConfig::mistake(std::string_view pointer, const std::string& detail) const {
  for (const auto& [place, option] : brought_) {
    if (!is_at_or_below(pointer, place)) continue;
    if (option.empty()) return "tcpctl: " + safe(detail);
    config::Place key;
    key.pointer = place;
    const auto label = key.label();
    const auto rest = detail.starts_with(label) ? detail.substr(label.size()) : ": " + detail;
    return fmt::format("tcpctl: {}{}", option, safe(rest));
  }
  if (file_)
    return safe(fmt::format("{}: {}", file_->place(fmt::format("{}{}", in_file_, pointer), is_of_key(detail)),
                            detail));
  return "tcpctl: " + safe(by_option(kind_, detail));
}

}  // namespace tcpctl::ctl
