// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/config.hpp"
#include "config/value.hpp"

namespace tcpctl::config {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kLongestKey = 256;
// Every value keeps its pointer, so a long key above many small values costs far more than the text itself.
constexpr std::size_t kMemory = std::size_t{64} << 20;

/// Builds Nodes from SAX events, because only they tell of duplicate keys. The first mistake ends it.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const std::string& pointer) : pointer_{pointer} {}
  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(Json::number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(Json::number_unsigned_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return refuse(fmt::format("the number {} is too large", value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return refuse("binary values are not JSON"); }

  bool start_object(std::size_t /*size*/) override { return open(Node::Table{}); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(Node::List{}); }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    auto& frame = frames_.back();
    frame.key = std::move(key);
    if (frame.key.size() > kLongestKey) {
      frame.key.resize(kLongestKey);
      return refuse("a key of more than 256 bytes");
    }
    if (frame.node.find(frame.key) != nullptr) {
      return refuse(fmt::format("the key '{}' is there twice", escaped(as_bytes(frame.key), 64)));
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    std::string_view text = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..."
    if (const auto colon = text.find(": "); colon != std::string_view::npos) text.remove_prefix(colon + 2);
    return refuse(fmt::format("not JSON, at byte {}: {}", position, escaped(as_bytes(text), 256)));
  }

  [[nodiscard]] Checked<Node> take() {
    if (!mistakes_.empty()) return tl::make_unexpected(std::move(mistakes_));
    return std::move(root_);
  }

 private:
  struct Frame {
    Node node;
    std::string key;  // of the value that comes next, in an object
  };

  [[nodiscard]] Place next_place() {
    Place place;
    place.order = ++values_;
    if (frames_.empty()) {
      place.pointer = pointer_;
      return place;
    }
    const auto& top = frames_.back();
    const auto* list = top.node.as<Node::List>();
    const auto token = list != nullptr ? fmt::to_string(list->size()) : pointer_token(top.key);
    place.pointer = top.node.place().pointer + "/" + token;
    return place;
  }

  bool refuse(std::string what) {
    mistakes_.push_back({next_place(), std::move(what)});
    return false;
  }

  bool open(Node::Value container) {
    if (frames_.size() >= kDeepest) return refuse("nested too deeply");
    auto place = next_place();
    if (!afford(place)) return false;
    frames_.push_back({Node{std::move(container), std::move(place)}, {}});
    return true;
  }

  bool close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    attach(std::move(node));
    return true;
  }

  bool add(Node::Value value) {
    auto place = next_place();
    if (!afford(place)) return false;
    attach(Node{std::move(value), std::move(place)});
    return true;
  }

  bool afford(const Place& place) {
    memory_ += sizeof(Node) + place.pointer.size();
    return memory_ <= kMemory || refuse("too many values");
  }

  void attach(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& top = frames_.back();
    if (auto* list = std::get_if<Node::List>(&top.node.value())) {
      list->push_back(std::move(node));
    } else {
      std::get<Node::Table>(top.node.value()).emplace(std::move(top.key), std::move(node));
    }
  }

  const std::string& pointer_;  // of the root
  std::vector<Frame> frames_;
  Node root_;
  std::uint32_t values_{0};
  std::size_t memory_{0};
  Mistakes mistakes_;
};

const Key* key_at(const KeyTable& keys, std::string_view path) {
  const auto* key = keys.find(path);
  return key != nullptr ? key : keys.find(fmt::format("{}[]", path));
}

Json json_of(const Node& node) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool value) const { return value; }
    Json operator()(std::int64_t value) const { return value; }
    Json operator()(double value) const { return value; }
    Json operator()(const std::string& value) const { return value; }
    Json operator()(const Node::List& list) const {
      Json json = Json::array();
      for (const auto& element : list) json.push_back(json_of(element));
      return json;
    }
    Json operator()(const Node::Table& table) const {
      Json json = Json::object();
      for (const auto& [name, member] : table) json[name] = json_of(member);
      return json;
    }
  };
  return std::visit(Visitor{}, node.value());
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Checked<Node> parse_json(std::string_view text, const std::string& pointer) {
  Builder builder{pointer};
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Node redacted(const Node& node, const KeyTable& keys, std::string_view path) {
  const auto* key = key_at(keys, path);
  if (key != nullptr && key->secret) return {std::string{kRedacted}, node.place()};
  if (const auto* list = node.as<Node::List>()) {
    Node::List elements;
    const auto below = fmt::format("{}[]", path);
    for (const auto& element : *list) elements.push_back(redacted(element, keys, below));
    return {std::move(elements), node.place()};
  }
  if (const auto* table = node.as<Node::Table>()) {
    Node::Table members;
    const bool map = keys.is_map(path);
    for (const auto& [name, member] : *table)
      members.emplace(name, redacted(member, keys, join_path(path, map ? std::string_view{"*"} : name)));
    return {std::move(members), node.place()};
  }
  return node;
}

Node whole(const Config& config) {
  Node root = *config.sections;
  auto& sections = std::get<Node::Table>(root.value());
  const auto add = [&](const char* kind, const auto& objects) {
    if (objects.empty()) return;
    Node::Table tables;
    for (const auto& [name, object] : objects) tables.emplace(name, object->written.node());
    sections.insert_or_assign(kind, Node{std::move(tables), {}});
  };
  add("listeners", config.listeners);
  add("clients", config.clients);
  return root;
}

std::string to_json(const Node& node, const KeyTable& keys, std::string_view path, bool redact) {
  return text_of(json_of(redact ? redacted(node, keys, path) : node));
}

std::string to_json(const Config& config, const KeyTable& keys, bool redact) {
  return to_json(whole(config), keys, "", redact);
}

}  // namespace tcpctl::config
