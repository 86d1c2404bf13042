// SPDX-License-Identifier: Apache-2.0
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

TEST_F(OpenApi, DescribesWhatIsAnswered) {
  asker_.control.client_rows[0].last_probe = test::sample_probe();
  const Validator validator{document_};

  for (const auto& route : kRoutes) {
    const std::string answer{route.answer};
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
