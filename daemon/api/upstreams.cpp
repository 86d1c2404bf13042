// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/body.hpp"
#include "api/handlers.hpp"

namespace tcpctl::api::handlers {
namespace {

Json upstream_json(const UpstreamRow& row, const std::string& listener) {
  Json json = to_json(row);
  json["listener"] = listener;
  return json;
}

tl::unexpected<Problem> wrong(const std::string& key, const std::string& why) {
  return refuse(400, fmt::format("'{}': {}", key, why), {{"/" + key, why}});
}

/// Null takes a member out (RFC 7396): without it an upstream is as configured.
Checked<std::optional<AdminState>> state_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) {
    if (const auto state = parse_admin_state(value.get<std::string>())) return *state;
  }
  return wrong("admin_state", "expected \"ready\", \"drain\" or \"maint\"");
}

Checked<std::optional<std::uint32_t>> weight_of(const Json& value) {
  if (value.is_null()) return std::nullopt;
  // A number beyond 63 bits is unsigned, and would look negative.
  const bool in_bounds =
      value.is_number_unsigned() && value.get<std::uint64_t>() <= UpstreamChange::kMostWeight;
  if (!in_bounds)
    return wrong("weight", fmt::format("expected a whole number, 0 .. {}", UpstreamChange::kMostWeight));
  return value.get<std::uint32_t>();
}

Checked<Duration> drain_of(const Json& value, const UpstreamChange& change) {
  if (change.admin_state != std::optional{AdminState::drain})
    return wrong("drain", "goes with \"admin_state\": \"drain\" alone");
  const auto time = value.is_string() ? parse_duration(value.get<std::string>())
                                      : Result<Duration>{fail(Errc::invalid_argument, "")};
  if (!time || *time > kLongestDrain)
    return wrong("drain", "expected a duration of at most 24h, like \"30s\"");
  return *time;
}

Checked<UpstreamChange> change_of(std::string_view body) {
  const auto object = read_object(body, {"admin_state", "drain", "weight"});
  if (!object) return tl::make_unexpected(object.error());
  UpstreamChange change;
  if (object->contains("admin_state")) {
    auto state = state_of(object->at("admin_state"));
    if (!state) return tl::make_unexpected(std::move(state).error());
    change.admin_state = *state;
  }
  if (object->contains("drain")) {
    const auto drain = drain_of(object->at("drain"), change);
    if (!drain) return tl::make_unexpected(drain.error());
    change.drain = *drain;
  }
  if (object->contains("weight")) {
    auto weight = weight_of(object->at("weight"));
    if (!weight) return tl::make_unexpected(std::move(weight).error());
    change.weight = *weight;
  }
  return change;
}

}  // namespace

Reply get_upstreams(const Call& call) {
  const auto& listener = call.in_path("name");
  const auto rows = call.control.upstreams(listener);
  if (!rows) return problem_reply(rows.error());
  Json items = Json::array();
  for (const auto& row : *rows) items.push_back(upstream_json(row, listener));
  const auto total = items.size();
  return json_reply({{"items", std::move(items)}, {"total", total}, {"next", nullptr}});
}

Reply change_upstream(const Call& call) {
  const auto change = change_of(call.body);
  if (!change) return problem_reply(change.error());
  const auto& listener = call.in_path("name");
  const auto row = call.control.change_upstream(listener, call.in_path("upstream"), *change);
  if (!row) return problem_reply(row.error());
  return json_reply(upstream_json(*row, listener));
}

}  // namespace tcpctl::api::handlers
