// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/control.hpp"
#include "api/http_request.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "api/rows.hpp"
#include "api/schema.hpp"

namespace tcpctl::api {

/// A request that was let in: its route is known, its caller may use it, its parameter names are the route's.
struct Call {
  ControlPlane& control;
  const Route& route;
  Role role;                                                    // the caller's
  const std::map<std::string, std::string, std::less<>>& path;  // "{name}" -> what stood there
  const Query& query;
  std::string_view body;
  const HttpRequest& request;

  /// Who may only read does not see secrets and what steps send.
  [[nodiscard]] bool hides_secrets() const { return role < Role::operate; }
  [[nodiscard]] const std::string& in_path(std::string_view name) const { return path.find(name)->second; }
};

/// An entity tag as RFC 9110 section 8.8.3 writes it.
[[nodiscard]] inline std::string quoted_tag(const std::string& tag) { return '"' + tag + '"'; }

/// The row as JSON, or the error as a problem.
template <class T>
[[nodiscard]] Reply answer(const Result<T>& result) {
  return result ? json_reply(to_json(*result)) : problem_reply(result.error());
}

/// The same of an object whose configuration can be changed: with its entity tag.
template <class T>
[[nodiscard]] Reply answer_tagged(const Result<T>& result) {
  auto reply = answer(result);
  if (result) reply.headers.emplace_back("ETag", quoted_tag(result->tag));
  return reply;
}

/// {"items": [...], "total": N, "next": null}: a list that has one page.
template <class T>
[[nodiscard]] Reply answer_all(const Result<std::vector<T>>& result) {
  if (!result) return problem_reply(result.error());
  Json items = Json::array();
  for (const auto& row : *result) items.push_back(to_json(row));
  const auto total = items.size();
  return json_reply({{"items", std::move(items)}, {"total", total}, {"next", nullptr}});
}

/// One function a route, in the file of its resource; a route without one does not link.
/// They throw nothing of ours and answer every error. Threads: the API's workers, several at once.
namespace handlers {
#define X(name, ...) [[nodiscard]] Reply name(const Call& call);
TCPCTL_ROUTES(X)
#undef X
}  // namespace handlers

}  // namespace tcpctl::api
