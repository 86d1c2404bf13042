// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace tcpctl::config {
namespace {

constexpr std::size_t kShown = 64;  // bytes of a user's text in a message

struct TypeWords {
  KeyType type;
  std::string_view name;
  std::string_view wanted;
};
constexpr std::array kTypes{
    TypeWords{KeyType::boolean, "boolean", "true or false"},
    TypeWords{KeyType::integer, "integer", "a whole number"},
    TypeWords{KeyType::number, "number", "a number"},
    TypeWords{KeyType::duration, "duration", R"(a duration like "5s")"},
    TypeWords{KeyType::size, "size", R"(a size like "64KiB")"},
    TypeWords{KeyType::rate, "rate", R"(a rate like "100/s")"},
    TypeWords{KeyType::byte_rate, "byte rate", R"(a byte rate like "1MiB/s")"},
    TypeWords{KeyType::text, "text", "a text in quotes"},
    TypeWords{KeyType::pattern, "pattern", "a pattern in quotes"},
    TypeWords{KeyType::hex, "hex", R"(bytes in hex like "0d 0a")"},
    TypeWords{KeyType::choice, "choice", "one of its choices"},
    TypeWords{KeyType::name, "name", R"(a name like "web-1")"},
    TypeWords{KeyType::listen_address, "listen address", R"(an address like "127.0.0.1:7000")"},
    TypeWords{KeyType::connect_address, "connect address", R"(an address like "host.example:7000")"},
    TypeWords{KeyType::network, "network", R"(a network like "10.0.0.0/8")"},
    TypeWords{KeyType::table, "table", "a table"},
};

const TypeWords& words(KeyType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [type](const auto& entry) { return entry.type == type; });
}

/// A bound in the key's own unit.
std::string bound(const Key& key, std::int64_t value) {
  if (key.type == KeyType::duration) return duration_text(Duration{value});
  if (key.type == KeyType::size || key.type == KeyType::byte_rate) {
    return size_text(Bytes{static_cast<std::uint64_t>(value)});
  }
  return fmt::to_string(value);
}

bool has_bounds(const Key& key) { return key.min != 0 || key.max != 0; }

bool counts_bytes_of_text(KeyType type) {
  return type == KeyType::text || type == KeyType::pattern || type == KeyType::hex;
}

/// "must be 1 to 100, got 0", if `value` is out of bounds.
template <class T>
std::optional<std::string> out_of_bounds(const Key& key, T value, std::string_view shown) {
  const bool below = value < static_cast<T>(key.min);
  const bool above = key.max != 0 && value > static_cast<T>(key.max);
  if (!below && !above) return std::nullopt;
  if (key.max == 0) return fmt::format("must be at least {}, got {}", bound(key, key.min), shown);
  return fmt::format("must be {} to {}, got {}", bound(key, key.min), bound(key, key.max), shown);
}

std::optional<std::string> length_out_of_bounds(const Key& key, std::size_t length) {
  const auto bytes = static_cast<std::int64_t>(length);
  if (bytes == 0 && key.min > 0) return "must not be empty";
  if (bytes < key.min) return fmt::format("must have at least {} bytes, got {}", key.min, bytes);
  if (key.max != 0 && bytes > key.max)
    return fmt::format("must have at most {} bytes, got {}", key.max, bytes);
  return std::nullopt;
}

std::optional<std::string> wrong_choice(const Key& key, const std::string& text) {
  const auto choices = choices_of(key);
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::nullopt;
  return fmt::format("expected {}, got the text \"{}\"{}", wanted(key), escaped(as_bytes(text), kShown),
                     suggestion(text, choices));
}

/// The mistake of a parser whose value may lie in the key's bounds or not.
template <class Parsed, class ToNumber>
std::optional<std::string> wrong_unit(const Key& key, const std::string& text, const Parsed& parsed,
                                      ToNumber number) {
  if (!parsed) return parsed.error().what;
  return out_of_bounds(key, number(*parsed), text);
}

template <class Parsed>
std::optional<std::string> error_of(const Parsed& parsed) {
  if (parsed) return std::nullopt;
  return parsed.error().what;
}

std::optional<std::string> wrong_text(const Key& key, const std::string& text) {
  const auto count = [](auto value) { return static_cast<std::int64_t>(value.count()); };
  switch (key.type) {
    case KeyType::duration:
      return wrong_unit(key, text, parse_duration(text), count);
    case KeyType::size:
      return wrong_unit(key, text, parse_size(text), count);
    case KeyType::byte_rate:
      return wrong_unit(key, text, parse_byte_rate(text), count);
    case KeyType::rate:
      return wrong_unit(key, text, parse_rate(text), [](double rate) { return rate; });
    case KeyType::choice:
      return wrong_choice(key, text);
    case KeyType::name:
      if (is_name(text)) return std::nullopt;
      return "a name has 1 to 64 letters, digits, '_', '.' or '-', and begins with a letter or digit";
    case KeyType::listen_address:
      return error_of(parse_listen_address(text));
    case KeyType::connect_address:
      return error_of(parse_connect_address(text));
    case KeyType::network:
      return error_of(parse_network(text));
    case KeyType::hex: {
      const auto bytes = from_hex(text);
      if (!bytes && key.secret) return fmt::format("expected {}, got another text", wanted(key));
      if (!bytes) return fmt::format("expected {}, got \"{}\"", wanted(key), escaped(as_bytes(text), kShown));
      return length_out_of_bounds(key, bytes->size());
    }
    case KeyType::text:
    case KeyType::pattern:
      return length_out_of_bounds(key, text.size());
    case KeyType::boolean:
    case KeyType::integer:
    case KeyType::number:
    case KeyType::table:
      break;
  }
  return std::nullopt;
}

bool is_text_type(KeyType type) {
  return type != KeyType::boolean && type != KeyType::integer && type != KeyType::number &&
         type != KeyType::table;
}

std::string canonical_text(const std::string& text, const Key& key) {
  switch (key.type) {
    case KeyType::duration:
      return parse_duration(text).map(duration_text).value_or(text);
    case KeyType::size:
      return parse_size(text).map(size_text).value_or(text);
    case KeyType::byte_rate:
      return parse_byte_rate(text).map(size_text).value_or(text);
    case KeyType::rate:
      return parse_rate(text).map([](double rate) { return fmt::to_string(rate); }).value_or(text);
    case KeyType::listen_address:
      return parse_listen_address(text)
          .map([](const auto& address) { return address.text(); })
          .value_or(text);
    case KeyType::connect_address:
      return parse_connect_address(text)
          .map([](const auto& address) { return address.text(); })
          .value_or(text);
    case KeyType::network:
      return parse_network(text).map([](const auto& network) { return network.text(); }).value_or(text);
    case KeyType::hex:
      return from_hex(text).value_or(text);
    default:
      return text;
  }
}

}  // namespace

std::string join_path(std::string_view path, std::string_view key) {
  if (path.empty()) return std::string{key};
  if (key.empty()) return std::string{path};
  return fmt::format("{}.{}", path, key);
}

std::optional<std::string> wrong(const Node& value, const Key& key) {
  if (const auto* text = value.as<std::string>(); text != nullptr && is_text_type(key.type)) {
    return wrong_text(key, *text);
  }
  if (key.secret) return fmt::format("expected {}, got {}", wanted(key), kind_of(value));
  if (key.type == KeyType::boolean && value.as<bool>() != nullptr) return std::nullopt;
  const auto* integer = value.as<std::int64_t>();
  if (key.type == KeyType::integer && integer != nullptr) {
    return out_of_bounds(key, *integer, fmt::to_string(*integer));
  }
  const auto* number = value.as<double>();
  if (key.type == KeyType::number && (integer != nullptr || number != nullptr)) {
    const double given = integer != nullptr ? static_cast<double>(*integer) : *number;
    if (!std::isfinite(given)) return fmt::format("expected a finite number, got {}", given);
    return out_of_bounds(key, given, fmt::to_string(given));
  }
  return fmt::format("expected {}, got {}", wanted(key), described(value));
}

std::string_view kind_of(const Node& value) {
  struct Visitor {
    std::string_view operator()(std::monostate) const { return "null"; }
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a number"; }
    std::string_view operator()(const std::string& /*value*/) const { return "a text"; }
    std::string_view operator()(const Node::List& /*value*/) const { return "a list"; }
    std::string_view operator()(const Node::Table& /*value*/) const { return "a table"; }
  };
  return std::visit(Visitor{}, value.value());
}

std::string described(const Node& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("the integer {}", value); }
    std::string operator()(double value) const { return fmt::format("the number {}", value); }
    std::string operator()(const std::string& value) const {
      return fmt::format("the text \"{}\"", escaped(as_bytes(value), kShown));
    }
    std::string operator()(const Node::List& /*value*/) const { return "a list"; }
    std::string operator()(const Node::Table& /*value*/) const { return "a table"; }
  };
  return std::visit(Visitor{}, value.value());
}

std::string wanted(const Key& key) {
  if (key.type != KeyType::choice) return std::string{words(key.type).wanted};
  const auto choices = choices_of(key);
  if (choices.size() == 1) return fmt::format("\"{}\"", choices.front());
  return fmt::format("one of \"{}\"", fmt::join(choices, "\", \""));
}

std::string canonical(const Node& value, const Key& key) {
  struct Visitor {
    const Key& key;
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::to_string(value); }
    std::string operator()(double value) const { return fmt::to_string(value); }
    std::string operator()(const std::string& value) const { return canonical_text(value, key); }
    std::string operator()(const Node::List& list) const {
      std::string text;
      // The length in front keeps two elements from reading as one.
      for (const auto& element : list) {
        const auto one = canonical(element, key);
        text += list.size() == 1 ? one : fmt::format("{}:{}", one.size(), one);
      }
      return text;
    }
    std::string operator()(const Node::Table& /*value*/) const { return "table"; }
  };
  return std::visit(Visitor{key}, value.value());
}

std::string bounds_text(const Key& key) {
  if (key.type == KeyType::choice) return std::string{key.choices};
  if (!has_bounds(key)) return "";
  const std::string unit = counts_bytes_of_text(key.type) ? " bytes" : "";
  if (key.max == 0 && key.min == 1 && !unit.empty()) return "not empty";
  if (key.max == 0) return fmt::format("at least {}{}", bound(key, key.min), unit);
  return fmt::format("{} .. {}{}", bound(key, key.min), bound(key, key.max), unit);
}

std::string_view applies_text(Applies applies) {
  switch (applies) {
    case Applies::now:
      return "now";
    case Applies::new_connections:
      return "new_connections";
    case Applies::rebind:
      return "rebind";
    case Applies::restart:
      return "restart";
  }
  return "now";
}

std::string_view type_text(KeyType type) { return words(type).name; }

std::vector<std::string> choices_of(const Key& key) {
  std::vector<std::string> choices;
  std::string_view rest = key.choices;
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    choices.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return choices;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near ? fmt::format("; did you mean '{}'?", *near) : "";
}

}  // namespace tcpctl::config
