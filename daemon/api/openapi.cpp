// SPDX-License-Identifier: Apache-2.0
#include "api/openapi.hpp"

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

/// `answer` or `body` of a route: media types and names of schemas.
Json content_of(std::string_view names) {
  Json all = Json::object();
  while (!names.empty()) {
    const auto end = std::min(names.find(' '), names.size());
    const auto name = names.substr(0, end);
    const bool is_schema = name.find('/') == std::string_view::npos;
    all.update(is_schema ? content("application/json", reference(name))
                         : content(name, {{"type", name == "application/json" ? "object" : "string"}}));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return all;
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

Json last_event_id() {
  return {
      {"name", "Last-Event-ID"},
      {"in", "header"},
      {"description", "text/event-stream: the last `id:` that came, to go on behind it; wins over `since`"},
      {"schema", {{"type", "string"}}}};
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
  if (route.answer.find("text/event-stream") != std::string_view::npos) list.push_back(last_event_id());
  return list;
}

Json operation(const Route& route) {
  const Json problem = content("application/problem+json", reference("Problem"));
  Json json{{"operationId", route.name},
            {"summary", route.summary},
            {"x-role", text(route.role)},
            {"parameters", parameters(route)}};
  if (!route.body.empty()) json["requestBody"] = {{"required", true}, {"content", content_of(route.body)}};
  auto& responses =
      json["responses"] = {{"200", {{"description", "Done"}, {"content", content_of(route.answer)}}}};
  if (route.method == "PUT" && route.answer == "ObjectChange")
    responses["201"] = {{"description", "Created"}, {"content", content_of(route.answer)}};
  if (route.answer == "Ready") {
    responses["503"] = {{"description", "Some address is not bound"},
                        {"content", content("application/problem+json", reference("NotReady"))}};
  }
  responses["default"] = {{"description", "Why not"}, {"content", problem}};
  return json;
}

/// An object whose members are named has no others.
void close(Json& schema) {
  if (!schema.is_structured()) return;
  if (schema.is_object() && schema.contains("properties") && !schema.contains("additionalProperties")) {
    schema["additionalProperties"] = false;
  }
  for (auto& part : schema) close(part);
}

/// The texts of all values of an enumeration, up to `last`.
template <class Word>
Json words(Word last) {
  Json all = Json::array();
  for (std::size_t i = 0; i <= static_cast<std::size_t>(last); ++i) all.push_back(text(static_cast<Word>(i)));
  return {{"type", "string"}, {"enum", std::move(all)}};
}

Json schemas(const std::string& config_schemas) {
  Json all = Json::parse(kOpenApiSchemas);
  close(all);
  all["First"] = words(First::unknown);
  all["How"] = words(How::abort);
  all["Reason"] = words(Reason::unknown);
  all["Phase"] = words(Phase::closing);
  all["TimelineEvent"] = words(TimelineEvent::closed);
  all["EventKind"] = words(EventKind::change);
  all.update(Json::parse(config_schemas));
  return all;
}

Json document(const std::string& config_schemas) {
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
           {{"schemas", schemas(config_schemas)},
            {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace

std::string openapi_document(const std::string& config_schemas) { return dump(document(config_schemas)); }

Reply handlers::get_openapi(const Call& call) {
  static const std::string text = openapi_document(call.control.config_schemas());
  return {200, "application/json", text, {}};
}

}  // namespace tcpctl::api
