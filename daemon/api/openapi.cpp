// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "api/handlers.hpp"
#include "api/host.hpp"
#include "api/openapi_schemas.hpp"

namespace tcpctl::api {
namespace {

Json reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string{schema}}}; }

Json content(std::string_view type, Json schema) {
  return {{std::string{type}, {{"schema", std::move(schema)}}}};
}

/// `answer` or `body` of a route: a media type, or the name of a schema.
Json content_of(std::string_view name) {
  if (name.find('/') == std::string_view::npos) return content("application/json", reference(name));
  return content(name, {{"type", name == "application/json" ? "object" : "string"}});
}

Json parameter(const Parameter& parameter) {
  Json schema{{"type", parameter.type}};
  for (auto rest = parameter.values; !rest.empty();) {
    const auto end = std::min(rest.find('|'), rest.size());
    schema["enum"].push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {{"name", parameter.name}, {"in", "query"}, {"description", parameter.help}, {"schema", schema}};
}

Json parameters(const Route& route) {
  Json list = Json::array();
  for (auto open = route.path.find('{'); open != std::string_view::npos;
       open = route.path.find('{', open + 1)) {
    const auto name = route.path.substr(open + 1, route.path.find('}', open) - open - 1);
    list.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  const auto names = " " + std::string{route.query} + " ";
  for (const auto& candidate : kParameters) {
    if (names.find(" " + std::string{candidate.name} + " ") != std::string::npos) {
      list.push_back(parameter(candidate));
    }
  }
  return list;
}

Json operation(const Route& route) {
  const Json problem = content("application/problem+json", reference("Problem"));
  Json json{{"operationId", route.name},
            {"summary", route.summary},
            {"x-role", text(route.role)},
            {"parameters", parameters(route)}};
  if (!route.body.empty()) json["requestBody"] = {{"required", true}, {"content", content_of(route.body)}};
  json["responses"] = {{"200", {{"description", "Done"}, {"content", content_of(route.answer)}}},
                       {"default", {{"description", "Why not"}, {"content", problem}}}};
  return json;
}

Json document() {
  Json paths = Json::object();
  for (const auto& route : kRoutes) {
    paths[std::string{route.path}][lower_case(route.method)] = operation(route);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "tcpctl"},
            {"version", TCPCTL_VERSION},
            {"description", "Steers tcpctld and shows its connections. x-role is the role a route takes."},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", Json::array({{{"url", "/"}}})},
          {"security", Json::array({Json::object(), {{"token", Json::array()}}})},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", Json::parse(kOpenApiSchemas)},
            {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace

Reply handlers::get_openapi(const Call& /*call*/) {
  static const std::string text = dump(document());
  return {200, "application/json", text, {}};
}

}  // namespace tcpctl::api
