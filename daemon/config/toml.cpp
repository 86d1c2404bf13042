// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/text.hpp"
#include "config/config.hpp"

namespace tcpctl::config {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kMostDots = 1000;

/// The first line with more dots than any honest key has, or 0. toml++ frees "a.a.a..." by recursion, and a
/// key of some ten thousand parts, which never leaves its line, would overflow the stack.
std::uint32_t line_of_endless_key(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && ++dots > kMostDots) {
      return line;
    }
  }
  return 0;
}

/// Makes Nodes of what toml++ parsed; mistakes are what TOML has and a configuration has not.
class Converter {
 public:
  Converter(std::shared_ptr<const std::string> file, std::uint32_t order)
      : file_{std::move(file)}, order_{order} {}

  [[nodiscard]] Node convert(const toml::node& from, const std::string& pointer, std::size_t depth) {
    const auto place = place_of(from.source(), pointer);
    if (depth > kDeepest) return refuse(place, "nested too deeply");
    if (const auto* table = from.as_table()) return table_of(*table, place, depth);
    if (const auto* list = from.as_array()) return list_of(*list, place, depth);
    if (const auto* text = from.as_string()) return {text->get(), place};
    if (const auto* number = from.as_integer()) return {number->get(), place};
    if (const auto* number = from.as_floating_point()) return {number->get(), place};
    if (const auto* boolean = from.as_boolean()) return {boolean->get(), place};
    return refuse(place,
                  fmt::format("{}: dates and times are no values here, put it in quotes", place.label()));
  }
  [[nodiscard]] Mistakes take_mistakes() { return std::move(mistakes_); }

 private:
  [[nodiscard]] Place place_of(const toml::source_region& source, const std::string& pointer) const {
    return {file_, source.begin.line, source.begin.column, pointer, order_};
  }

  Node refuse(const Place& place, std::string what) {
    mistakes_.push_back({place, std::move(what)});
    return {{}, place};
  }

  Node table_of(const toml::table& from, const Place& place, std::size_t depth) {
    Node::Table table;
    for (const auto& [key, value] : from) {
      auto node = convert(value, place.pointer + "/" + pointer_token(key.str()), depth + 1);
      node.set_key_position(key.source().begin.line, key.source().begin.column);
      table.emplace(std::string{key.str()}, std::move(node));
    }
    return {std::move(table), place};
  }

  Node list_of(const toml::array& from, const Place& place, std::size_t depth) {
    Node::List list;
    for (const auto& value : from) {
      list.push_back(convert(value, fmt::format("{}/{}", place.pointer, list.size()), depth + 1));
    }
    return {std::move(list), place};
  }

  const std::shared_ptr<const std::string> file_;
  const std::uint32_t order_;
  Mistakes mistakes_;
};

/// What toml++ says, but for the number that it quotes: a password may have been left without its quotes.
std::string reason(const toml::parse_error& error) {
  std::string_view text = error.description();
  constexpr std::string_view kTooLarge = "' is not representable";
  const auto quoted = text.find(": '");
  const auto end = text.find(kTooLarge);
  if (quoted == std::string_view::npos || end == std::string_view::npos) return escaped(as_bytes(text), 512);
  return escaped(as_bytes(fmt::format("{}: it{}", text.substr(0, quoted), text.substr(end + 1))), 512);
}

}  // namespace

Checked<Node> parse_toml(std::string_view text, const std::string& file, std::uint32_t order) {
  const auto shared_file = std::make_shared<const std::string>(file);
  if (const auto line = line_of_endless_key(text); line != 0) {
    return tl::make_unexpected(
        Mistakes{{Place{shared_file, line, 1, "", order}, "more than 1000 dots in one line; break it"}});
  }
  try {
    const toml::table table = toml::parse(text, std::string_view{file});
    Converter converter{shared_file, order};
    auto root = converter.convert(table, "", 0);
    if (auto mistakes = converter.take_mistakes(); !mistakes.empty()) {
      return tl::make_unexpected(std::move(mistakes));
    }
    return root;
  } catch (const toml::parse_error& error) {
    const auto begin = error.source().begin;
    const Place place{shared_file, begin.line, begin.column, "", order};
    return tl::make_unexpected(Mistakes{{place, reason(error)}});
  }
}

}  // namespace tcpctl::config
