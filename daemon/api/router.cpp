// SPDX-License-Identifier: Apache-2.0
#include "api/router.hpp"

#include <algorithm>

namespace tcpctl::api {
namespace {

using Handler = Reply (*)(const Call&);
constexpr std::array<Handler, kRoutes.size()> kHandlers{
#define X(name, ...) &handlers::name,
    TCPCTL_ROUTES(X)
#undef X
};

/// Cuts the text up to the next '/' off.
std::string_view next_segment(std::string_view& rest) {
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return segment;
}

/// Segment by segment; "{name}" takes any that is not empty.
bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string, std::less<>>& captured) {
  if (std::ranges::count(pattern, '/') != std::ranges::count(path, '/')) return false;
  while (!pattern.empty() || !path.empty()) {
    const auto wanted = next_segment(pattern);
    const auto found = next_segment(path);
    if (wanted.starts_with('{')) {
      if (found.empty()) return false;
      captured.insert_or_assign(std::string{wanted.substr(1, wanted.size() - 2)}, std::string{found});
    } else if (wanted != found) {
      return false;
    }
  }
  return true;
}

void append(std::string& list, std::string_view method) {
  if (!list.empty()) list += ", ";
  list += method;
}

}  // namespace

Match find_route(std::string_view method, std::string_view path) {
  const auto wanted = method == "HEAD" ? std::string_view{"GET"} : method;
  Match match;
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    std::map<std::string, std::string, std::less<>> captured;
    if (!matches(kRoutes.at(i).path, path, captured)) continue;
    append(match.allow, kRoutes.at(i).method);
    if (kRoutes.at(i).method == "GET") append(match.allow, "HEAD");
    if (match.route != nullptr || kRoutes.at(i).method != wanted) continue;
    match.route = &kRoutes.at(i);
    match.handler = kHandlers.at(i);
    match.path = std::move(captured);
  }
  return match;
}

}  // namespace tcpctl::api
