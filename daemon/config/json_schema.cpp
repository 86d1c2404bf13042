// SPDX-License-Identifier: Apache-2.0
#include "config/json_schema.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/config.hpp"
#include "config/rules.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

using Json = nlohmann::ordered_json;

/// What has a schema of its own, which the others refer to.
struct Part {
  std::string_view path, name;
};
/// What changes one of these (RFC 7396).
constexpr std::array kPatches{Part{"listeners.*", "ListenerPatch"}, Part{"clients.*", "ClientPatch"}};
constexpr std::array kParts{Part{"", "Config"}, Part{"listeners.*", "ListenerConfig"},
                            Part{"clients.*", "ClientConfig"}};

/// Goes along the key table as the checker does.
class Writer {
 public:
  explicit Writer(const KeyTable& keys, bool is_patch = false) : keys_{keys}, is_patch_{is_patch} {}

  [[nodiscard]] Json table(const std::string& path) const {
    if (keys_.is_map(path)) return {{"type", "object"}, {"additionalProperties", node(path + ".*")}};
    Json members = Json::object();
    Json required = Json::array();
    for (const auto& name : keys_.children(path)) {
      const auto below = join_path(path, name);
      members[name] = is_patch_ ? Json{{"oneOf", {node(below), {{"type", "null"}}}}} : node(below);
      if (!is_patch_ && (is_required(below) || is_required(below + "[]"))) required.push_back(name);
    }
    if (path == "listeners.*") add_services_without_keys(members);
    Json json{{"type", "object"}, {"additionalProperties", false}};
    if (!required.empty()) json["required"] = std::move(required);
    json["properties"] = std::move(members);
    return json;
  }

 private:
  [[nodiscard]] bool is_required(std::string_view path) const {
    const auto* const key = keys_.find(path);
    return key != nullptr && key->required;
  }

  [[nodiscard]] Json node(const std::string& path) const {
    const auto* const part = std::ranges::find(kParts, path, &Part::path);
    if (part != kParts.end()) return {{"$ref", fmt::format("#/components/schemas/{}", part->name)}};
    // A patch replaces a list as a whole.
    if (keys_.has_elements(path))
      return one_or_more(Writer{keys_}.element(path + "[]"), is_required(path + "[]"));
    const auto* const key = keys_.find(path);
    return key != nullptr && key->type != KeyType::table ? value(*key) : table(path);
  }

  /// A scalar where the key of the elements allows one, else a table.
  [[nodiscard]] Json element(const std::string& path) const {
    const auto* const key = keys_.find(path);
    if (key == nullptr || key->type == KeyType::table) return table(path);
    if (keys_.children(path).empty()) return value(*key);
    return {{"oneOf", {value(*key), table(path)}}};
  }

  /// A single value stands for a list of one.
  static Json one_or_more(const Json& one, bool required) {
    Json list{{"type", "array"}, {"items", one}};
    if (required) list["minItems"] = 1;
    return {{"oneOf", {one, std::move(list)}}};
  }

  [[nodiscard]] Json value(const Key& key) const {
    Json json = key.list ? one_or_more(scalar(key), key.required) : scalar(key);
    if (!key.help.empty()) json["description"] = key.help;
    const Node fallback = fallback_of(key);
    if (!key.fallback.empty()) json["default"] = Json::parse(to_json(fallback, keys_, "", false));
    json["x-type"] = type_text(key.type);
    const auto bounds = bounds_text(key);
    if (key.type != KeyType::choice && !bounds.empty()) json["x-bounds"] = bounds;
    if (key.secret) json["x-secret"] = true;
    return json;
  }

  static Json scalar(const Key& key) {
    switch (key.type) {
      case KeyType::boolean:
        return {{"type", "boolean"}};
      case KeyType::integer:
        return bounded("integer", key);
      case KeyType::number:
        return bounded("number", key);
      case KeyType::choice:
        return {{"type", "string"}, {"enum", choices_of(key)}};
      case KeyType::text:
      case KeyType::pattern:
        return text(key);
      default:
        return {{"type", "string"}};
    }
  }

  static Json bounded(std::string_view type, const Key& key) {
    Json json{{"type", type}, {"minimum", key.min}};
    if (key.max != 0) json["maximum"] = key.max;
    return json;
  }

  /// Bounds are of bytes, and here of characters, which are at most as many.
  static Json text(const Key& key) {
    Json json{{"type", "string"}};
    if (key.min > 0) json["minLength"] = 1;
    if (key.max != 0) json["maxLength"] = key.max;
    return json;
  }

  void add_services_without_keys(Json& members) const {
    for (const auto& name : service_names(keys_)) {
      if (!members.contains(name)) members[name] = {{"type", "object"}, {"additionalProperties", false}};
    }
  }

  const KeyTable& keys_;
  const bool is_patch_;
};

}  // namespace

std::string json_schemas(const KeyTable& keys) {
  const Writer writer{keys};
  Json schemas = Json::object();
  for (const auto& part : kParts) schemas[std::string{part.name}] = writer.table(std::string{part.path});
  const Writer patch{keys, true};
  for (const auto& part : kPatches) schemas[std::string{part.name}] = patch.table(std::string{part.path});
  return schemas.dump();
}

}  // namespace tcpctl::config
