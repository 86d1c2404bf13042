// SPDX-License-Identifier: Apache-2.0
#include "api/dispatch.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/host.hpp"
#include "api/router.hpp"
#include "base/text.hpp"

namespace tcpctl::api {
namespace {

constexpr std::array<std::string_view, 4> kMetricsPaths{"/metrics", "/healthz", "/readyz", "/probe"};

bool is_reading(std::string_view method) { return method == "GET" || method == "HEAD"; }

/// "application/json", with or without parameters; any case.
bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return lower_case(type) == "application/json";
}

std::optional<Problem> check_body(const HttpRequest& request, const Route& route) {
  if (request.body.empty()) return std::nullopt;
  if (is_reading(request.method)) return Problem{400, "a request that reads has no body", {}};
  if (!is_json(request.header("content-type").value_or(""))) {
    return Problem{415, "the body's Content-Type is not application/json", {}};
  }
  if (!route.body.empty()) return std::nullopt;
  const auto nothing = read_object(request.body, {});
  return nothing ? std::nullopt : std::optional{nothing.error()};
}

Reply no_such_route(const RequestContext& context, const Target& target, const std::string& allow) {
  if (allow.empty()) {
    return problem_reply(404, fmt::format("there is no {}", escaped(as_bytes(target.path), 128)));
  }
  auto reply = problem_reply(405, fmt::format("{} is not served here; {} is", context.request.method, allow));
  reply.headers.emplace_back("Allow", allow);
  return reply;
}

Reply refused(const Problem& problem) {
  auto reply = problem_reply(problem);
  if (problem.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

/// The answer where it does not matter who asks: the page, the door or the path is wrong.
std::optional<Reply> turn_away(const RequestContext& context, const Target& target, const Match& match) {
  const auto& [request, peer, access] = context;
  if (auto problem = access.check_origin(peer, request)) return refused(*problem);
  if (peer.door == Door::metrics && std::ranges::count(kMetricsPaths, target.path) == 0) {
    return problem_reply(404, "only /metrics, /probe, /healthz and /readyz are served here");
  }
  if (match.route == nullptr) return no_such_route(context, target, match.allow);
  return std::nullopt;
}

Reply serve(ControlPlane& control, const RequestContext& context, const Target& target, const Match& match,
            const Access::Caller& caller) {
  const auto& [request, peer, access] = context;
  if (auto problem = access.refusal(caller, peer.door, match.route->role)) return refused(*problem);
  if (auto problem = check_body(request, *match.route)) return refused(*problem);
  if (target.repeated) return problem_reply(400, "a query parameter is given twice");
  if (auto problem = check_names(target.query, *match.route)) return refused(*problem);
  return match.handler({control, *match.route, caller.role, match.path, target.query, request.body, request});
}

}  // namespace

Reply dispatch(ControlPlane& control, const RequestContext& context, const Target& target) {
  const auto caller = context.access.identify(context.peer, context.request);
  const auto match = find_route(context.request.method, target.path);
  auto turned_away = turn_away(context, target, match);
  const bool is_judged = !turned_away;
  Reply reply = is_judged ? serve(control, context, target, match, caller) : *std::move(turned_away);
  if (is_change(context.request, match, target.query))
    record(control, {context.request, target.path, match, caller, reply.status}, is_judged);
  return reply;
}

}  // namespace tcpctl::api
