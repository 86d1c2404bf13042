// SPDX-License-Identifier: Apache-2.0
#include "config/json_schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using Json = nlohmann::json;

Json schema(const std::string& name) { return Json::parse(json_schemas(test::all_keys())).at(name); }
Json listener_key(const std::string& name) { return schema("ListenerConfig").at("properties").at(name); }

TEST(JsonSchema, RefersToListenersAndClientsByName) {
  const Json members = schema("Config").at("properties");

  EXPECT_EQ(members.at("listeners").at("additionalProperties").at("$ref"),
            "#/components/schemas/ListenerConfig");
  EXPECT_EQ(members.at("clients").at("additionalProperties").at("$ref"), "#/components/schemas/ClientConfig");
}

TEST(JsonSchema, NamesWhatIsRequiredAndForbidsWhatIsUnknown) {
  const auto listener = schema("ListenerConfig");

  EXPECT_EQ(listener.at("required"), Json::parse(R"(["listen", "service"])"));
  EXPECT_EQ(listener.at("additionalProperties"), false);
}

TEST(JsonSchema, TellsOfAKeyWhatTheTableDoes) {
  EXPECT_EQ(listener_key("on_limit").at("enum"), Json::parse(R"(["close", "wait"])"));
  EXPECT_EQ(listener_key("on_limit").at("default"), "close");
  const auto backlog = listener_key("backlog");
  EXPECT_EQ(backlog.at("type"), "integer");
  EXPECT_EQ(backlog.at("minimum"), 1);
  EXPECT_EQ(backlog.at("default"), 4096);
  EXPECT_EQ(listener_key("idle_timeout").at("x-type"), "duration");
  EXPECT_FALSE(listener_key("idle_timeout").contains("default"));
}

TEST(JsonSchema, TakesASingleValueForAList) {
  const auto listen = listener_key("listen").at("oneOf");

  EXPECT_EQ(listen.at(0).at("type"), "string");
  EXPECT_EQ(listen.at(1).at("items").at("type"), "string");
  EXPECT_EQ(listen.at(1).at("minItems"), 1);
}

TEST(JsonSchema, TakesATextOrATableWhereTheKeyOfTheElementsDoes) {
  const auto upstream =
      listener_key("forward").at("properties").at("upstreams").at("oneOf").at(0).at("oneOf");

  EXPECT_EQ(upstream.at(0).at("type"), "string");
  EXPECT_EQ(upstream.at(1).at("required"), Json::parse(R"(["address"])"));
  EXPECT_EQ(listener_key("forward").at("required"), Json::parse(R"(["upstreams"])"));
}

TEST(JsonSchema, TakesAnEmptyTableOfAServiceWithoutKeys) {
  EXPECT_EQ(listener_key("echo"), Json::parse(R"({"type": "object", "additionalProperties": false})"));
}

}  // namespace
}  // namespace tcpctl::config
