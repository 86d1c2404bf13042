// SPDX-License-Identifier: Apache-2.0
#include "api/body.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tcpctl::api {
namespace {

constexpr int kMaxDepth = 32;

/// RFC 6901 section 3.
std::string pointer_to(std::string_view key) {
  std::string pointer = "/";
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

/// What nlohmann's parser lets pass: depth without bound, and a key given twice.
class Guard {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kMaxDepth) too_deep_ = true;
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == Json::parse_event_t::key && !open_.empty()) {
      if (!open_.back().insert(parsed.get<std::string>()).second) twice_ = parsed.get<std::string>();
    }
    return !too_deep_;
  }
  [[nodiscard]] std::string mistake() const {
    if (too_deep_) return fmt::format("the body is nested deeper than {}", kMaxDepth);
    if (!twice_.empty()) return fmt::format("the key '{}' is given twice", escaped(as_bytes(twice_), 64));
    return {};
  }

 private:
  std::vector<std::set<std::string>> open_;
  bool too_deep_{false};
  std::string twice_;
};

Checked<Json> parse(std::string_view body) {
  Guard guard;
  try {
    auto json = Json::parse(body, [&guard](int depth, Json::parse_event_t event, Json& parsed) {
      return guard(depth, event, parsed);
    });
    if (const auto mistake = guard.mistake(); !mistake.empty()) return refuse(400, mistake);
    return json;
  } catch (const Json::parse_error& error) {
    return refuse(400, fmt::format("the body is not JSON: error at byte {}", error.byte));
  }
}

}  // namespace

Checked<Json> read_object(std::string_view body, const std::vector<std::string>& keys) {
  if (body.empty()) return Json::object();
  auto json = parse(body);
  if (!json) return json;
  if (!json->is_object()) return refuse(400, "the body is not a JSON object");
  std::vector<Fault> faults;
  for (const auto& [key, value] : json->items()) {
    if (std::ranges::count(keys, key) > 0) continue;
    std::string detail = fmt::format("unknown key '{}'", escaped(as_bytes(key), 64));
    if (const auto meant = nearest(key, keys)) detail += fmt::format("; did you mean '{}'?", *meant);
    if (keys.empty()) detail += "; this takes none";
    faults.push_back({pointer_to(key), detail});
  }
  if (!faults.empty()) {
    auto detail = faults.front().detail;
    return refuse(400, std::move(detail), std::move(faults));
  }
  return json;
}

Checked<std::string> text_member(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return refuse(400, fmt::format("the key '{}' is missing", key), {{pointer_to(key), "is missing"}});
  }
  if (!found->is_string()) {
    return refuse(400, fmt::format("'{}' is not a text", key),
                  {{pointer_to(key), fmt::format("expected a text, got {}", found->type_name())}});
  }
  return found->get<std::string>();
}

}  // namespace tcpctl::api
