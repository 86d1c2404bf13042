// SPDX-License-Identifier: Apache-2.0
#include "ctl/json.hpp"

#include <nlohmann/json.hpp>

#include "ctl/terminal.hpp"

namespace tcpctl::ctl {
namespace {

constexpr std::size_t kDeepest = 100;

/// Writing a tree recurses, so its depth is bounded before it is built.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  if (too_deep(text)) return fail(Errc::invalid_argument, "the JSON is nested too deeply");
  auto tree = Tree::parse(text, nullptr, false);
  if (tree.is_discarded()) return fail(Errc::invalid_argument, "that is no JSON");
  return Json{std::make_shared<const Tree>(std::move(tree))};
}

Json Json::at(std::string_view path) const {
  const Tree* here = value_.get();
  while (here != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    const std::string key{path.substr(0, dot)};
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    if (!here->is_object()) return {};
    const auto found = here->find(key);
    here = found == here->end() ? nullptr : &*found;
  }
  if (here == nullptr) return {};
  return Json{std::shared_ptr<const Tree>{value_, here}};
}

bool Json::is_null() const { return !value_ || value_->is_null(); }
bool Json::is_object() const { return value_ && value_->is_object(); }
bool Json::is_list() const { return value_ && value_->is_array(); }

Json Json::list(const std::vector<Json>& items) {
  auto tree = Tree::object();
  auto& list = tree["items"] = Tree::array();
  for (const auto& item : items) list.push_back(item.value_ ? *item.value_ : Tree{});
  return Json{std::make_shared<const Tree>(std::move(tree))};
}

Json Json::with(const std::string& key, const Json& value) const {
  if (!is_object()) return *this;
  auto tree = *value_;
  tree[key] = value.value_ ? *value.value_ : Tree{};
  return Json{std::make_shared<const Tree>(std::move(tree))};
}

std::optional<std::string> Json::text(std::string_view path) const {
  const auto here = at(path);
  if (here.is_null() || !here.value_->is_string()) return std::nullopt;
  return here.value_->get<std::string>();
}

std::optional<double> Json::number(std::string_view path) const {
  const auto here = at(path);
  if (here.is_null() || !here.value_->is_number()) return std::nullopt;
  return here.value_->get<double>();
}

std::optional<std::uint64_t> Json::count(std::string_view path) const {
  const auto here = at(path);
  if (here.is_null() || !here.value_->is_number_unsigned()) return std::nullopt;
  return here.value_->get<std::uint64_t>();
}

std::optional<bool> Json::truth(std::string_view path) const {
  const auto here = at(path);
  if (here.is_null() || !here.value_->is_boolean()) return std::nullopt;
  return here.value_->get<bool>();
}

std::vector<Json> Json::items(std::string_view path) const {
  const auto here = at(path);
  std::vector<Json> all;
  if (!here.is_list()) return all;
  all.reserve(here.value_->size());
  for (const auto& each : *here.value_) all.push_back(Json{std::shared_ptr<const Tree>{here.value_, &each}});
  return all;
}

std::vector<std::pair<std::string, Json>> Json::members(std::string_view path) const {
  const auto here = at(path);
  std::vector<std::pair<std::string, Json>> all;
  if (!here.is_object()) return all;
  for (const auto& [key, value] : here.value_->items()) {
    all.emplace_back(key, Json{std::shared_ptr<const Tree>{here.value_, &value}});
  }
  return all;
}

std::string Json::raw() const {
  if (is_null()) return {};
  if (value_->is_string()) return value_->get<std::string>();
  return dump(-1);
}

std::string Json::dump(int indent) const {
  if (!value_) return "null";
  return safe_json(value_->dump(indent, ' ', false, Tree::error_handler_t::replace));
}

std::optional<std::string> json_string(std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {  // the only way in which it tells of invalid UTF-8
    return std::nullopt;
  }
}

std::size_t json_mistake(std::string_view text) {
  if (too_deep(text)) return 0;
  try {
    [[maybe_unused]] const auto tree = nlohmann::ordered_json::parse(text);
    return 0;
  } catch (const nlohmann::json::parse_error& error) {  // the only way in which it tells where
    return error.byte;
  } catch (const nlohmann::json::exception&) {  // a number that no double holds
    return 0;
  }
}

}  // namespace tcpctl::ctl
