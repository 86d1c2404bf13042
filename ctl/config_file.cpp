// SPDX-License-Identifier: Apache-2.0
#include "ctl/config_file.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/config.hpp"

namespace tcpctl::ctl {
namespace {

/// One token of RFC 6901, unescaped.
std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t at = 0; at < token.size(); ++at) {
    if (token[at] == '~' && at + 1 < token.size()) {
      out += token[++at] == '1' ? '/' : '~';
    } else {
      out += token[at];
    }
  }
  return out;
}

const config::Node* child(const config::Node& node, const std::string& token) {
  if (const auto* list = node.as<config::Node::List>()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool whole = error == std::errc{} && end == token.data() + token.size();
    return whole && index < list->size() ? &(*list)[index] : nullptr;
  }
  return node.find(token);
}

/// No TOML begins so.
bool begins_as_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

/// ":3:1", where the JSON of `text` breaks off; "" if that cannot be told.
std::string place_of_mistake(std::string_view text) {
  const auto byte = json_mistake(text);
  if (byte == 0) return {};
  const auto before = text.substr(0, byte - 1);
  const auto line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format(":{}:{}", std::ranges::count(before, '\n') + 1, before.size() - line_begin + 1);
}

}  // namespace

struct ConfigFile::Tree {
  config::Node root;
};

ConfigFile::~ConfigFile() = default;

ConfigFile::ConfigFile(std::string name, std::string_view text) : name_{std::move(name)} {
  if (name_.ends_with(".json") || begins_as_json(text)) {
    json_ = text;
    if (const auto parsed = Json::parse(text); !parsed)
      mistakes_.push_back(fmt::format("{}{}: {}", name_, place_of_mistake(text), parsed.error().what));
    return;
  }
  auto parsed = config::parse_toml(text, name_);
  if (!parsed) {
    for (const auto& mistake : parsed.error()) mistakes_.push_back(mistake.text());
    return;
  }
  tree_ = std::make_unique<Tree>(Tree{*std::move(parsed)});
  json_ = config::to_json(tree_->root, {}, "", false);
}

std::string ConfigFile::place(std::string_view pointer, bool at_key) const {
  const auto* here = tree_ ? &tree_->root : nullptr;
  auto rest = pointer;
  while (here != nullptr && rest.starts_with('/')) {
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    const auto* below = child(*here, unescaped(rest.substr(0, slash)));
    if (below == nullptr) break;  // a key that is missing is told at its table
    here = below;
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  }
  if (here != nullptr && here->place().line > 0) return (at_key ? here->key_place() : here->place()).text();
  return pointer.empty() ? name_ : name_ + ": " + std::string{pointer};
}

}  // namespace tcpctl::ctl
