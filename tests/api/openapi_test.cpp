// SPDX-License-Identifier: Apache-2.0
#include "api/openapi.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "api/ask.hpp"
#include "api/rows.hpp"
#include "api/schema.hpp"

namespace tcpctl::api {
namespace {

/// As much of JSON Schema as the document uses; answers what does not fit.
class Validator {
 public:
  explicit Validator(const Json& document) : schemas_(document.at("components").at("schemas")) {}

  std::string check(const Json& schema, const Json& value, const std::string& at) const {
    if (schema.contains("$ref")) {
      const auto name = schema.at("$ref").get<std::string>();
      return check(schemas_.at(name.substr(name.rfind('/') + 1)), value, at);
    }
    if (schema.contains("oneOf") && !schema.contains("type")) {
      return value.is_null() ? "" : check(schema.at("oneOf").at(0), value, at);
    }
    if (!has_type(schema.at("type"), value)) return at + " has another type";
    if (schema.contains("enum") && !contains(schema.at("enum"), value)) return at + " has another value";
    if (value.is_object() && schema.contains("properties")) return check_members(schema, value, at);
    if (value.is_array()) {
      for (const auto& item : value) {
        if (auto wrong = check(schema.at("items"), item, at + "[]"); !wrong.empty()) return wrong;
      }
    }
    return "";
  }
  std::string check(const std::string& schema, const Json& value) const {
    return check(schemas_.at(schema), value, schema);
  }

 private:
  static bool contains(const Json& list, const Json& value) {
    return std::ranges::find(list, value) != list.end();
  }
  static bool has_type(const Json& type, const Json& value) {
    if (type.is_array()) {
      return std::ranges::any_of(type, [&](const Json& one) { return has_type(one, value); });
    }
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_number_integer();
    return type == value.type_name();
  }
  std::string check_members(const Json& schema, const Json& value, const std::string& at) const {
    for (const auto& name : schema.at("required")) {
      if (!value.contains(name.get<std::string>())) return at + "." + name.get<std::string>() + " is missing";
    }
    for (const auto& [name, member] : value.items()) {
      if (!schema.at("properties").contains(name)) return at + "." + name + " is not documented";
      auto wrong = check(schema.at("properties").at(name), member, at + "." + name);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  Json schemas_;
};

class OpenApi : public testing::Test {
 protected:
  test::Asker asker_;
  Json document_ = asker_.get("/v1/openapi.json").json();
};

TEST_F(OpenApi, HasEveryRouteWithItsRole) {
  for (const auto& route : kRoutes) {
    std::string method{route.method};
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    const auto& operation = document_.at("paths").at(std::string{route.path}).at(method);
    EXPECT_EQ(operation.at("x-role"), text(route.role));
    EXPECT_EQ(operation.at("operationId"), route.name);
  }
  EXPECT_EQ(document_.at("openapi"), "3.1.0");
}

TEST_F(OpenApi, DescribesEveryParameterOfARoute) {
  for (const auto& route : kRoutes) {
    std::istringstream words{std::string{route.query}};
    for (std::string word; words >> word;) {
      EXPECT_NE(std::ranges::find(kParameters, word, &Parameter::name), kParameters.end()) << word;
    }
  }
}

TEST_F(OpenApi, RefersOnlyToSchemasThatItHas) {
  const auto text = document_.dump();
  for (auto at = text.find("#/components/schemas/"); at != std::string::npos;
       at = text.find("#/components/schemas/", at + 1)) {
    const auto begin = at + std::string{"#/components/schemas/"}.size();
    const auto name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(document_.at("components").at("schemas").contains(name)) << name;
  }
}

TEST_F(OpenApi, ForbidsMembersThatItDoesNotName) {
  const auto& schemas = document_.at("components").at("schemas");
  EXPECT_EQ(schemas.at("Listener").at("additionalProperties"), false);
  const auto& addresses = schemas.at("Listener").at("properties").at("addresses");
  EXPECT_EQ(addresses.at("items").at("additionalProperties"), false);
  EXPECT_EQ(schemas.at("Ends").at("properties").at("closes_by_reason").at("additionalProperties").at("type"),
            "integer");
}

TEST_F(OpenApi, HasTheClosedListsOfWords) {
  const auto& schemas = document_.at("components").at("schemas");
  EXPECT_EQ(schemas.at("How").at("enum"), Json::parse(R"(["fin", "rst", "timeout", "abort"])"));
  EXPECT_EQ(schemas.at("Reason").at("enum").size(), kReasons);
  EXPECT_EQ(schemas.at("TimelineEvent").at("enum").back(), "closed");
}

TEST_F(OpenApi, TakesTheConfigurationsSchemasAsTheyAre) {
  const auto text = openapi_document(R"({"Config": {"type": "object", "x": 1}})");
  EXPECT_EQ(Json::parse(text).at("components").at("schemas").at("Config").at("x"), 1);
}

TEST_F(OpenApi, DescribesTheStreamOfEvents) {
  const auto& operation = document_.at("paths").at("/v1/events").at("get");
  const auto& content = operation.at("responses").at("200").at("content");
  EXPECT_EQ(content.at("application/json").at("schema").at("$ref"), "#/components/schemas/EventList");
  EXPECT_EQ(content.at("text/event-stream").at("schema").at("type"), "string");
  const auto is_header = [](const Json& parameter) {
    return parameter.at("name") == "Last-Event-ID" && parameter.at("in") == "header";
  };
  EXPECT_EQ(std::ranges::count_if(operation.at("parameters"), is_header), 1);
  EXPECT_EQ(
      std::ranges::count_if(document_.at("paths").at("/v1/history").at("get").at("parameters"), is_header),
      0);
}

TEST_F(OpenApi, DescribesWhatIsAnswered) {
  asker_.control.client_rows[0].last_probe = test::sample_probe();
  const Validator validator{document_};

  for (const auto& route : kRoutes) {
    const std::string answer{route.answer.substr(0, route.answer.find(' '))};
    if (route.method != "GET" || answer.find('/') != std::string::npos) continue;
    std::string path{route.path};
    for (const auto& [place, value] :
         {std::pair{"{name}", path.starts_with("/v1/clients") ? "feed" : "web"}, std::pair{"{id}", "2-9"}}) {
      const auto at = path.find(place);
      if (at != std::string::npos) path.replace(at, std::string{place}.size(), value);
    }
    const auto response = asker_.get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(validator.check(answer, response.json()), "") << path;
  }
  EXPECT_EQ(validator.check("Reload", to_json(ReloadRow{})), "");
  EXPECT_EQ(validator.check("Problem", asker_.get("/nope").json()), "");
  asker_.control.listener_rows[0].addresses[0].state = "failed";
  const auto not_ready = asker_.get("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(validator.check("NotReady", not_ready.json()), "");
}

TEST(OpenApiRoutes, NamesEveryRouteOnce) {
  std::set<std::string> names;
  std::set<std::string> places;
  for (const auto& route : kRoutes) {
    EXPECT_TRUE(names.emplace(route.name).second) << route.name;
    EXPECT_TRUE(places.insert(std::string{route.method} + std::string{route.path}).second) << route.path;
  }
}

TEST(OpenApiRoutes, LetsNobodyChangeAnythingWithTheRoleRead) {
  for (const auto& route : kRoutes) {
    if (route.method == "GET") continue;
    EXPECT_GE(route.role, Role::operate) << route.name;
  }
}

}  // namespace
}  // namespace tcpctl::api
