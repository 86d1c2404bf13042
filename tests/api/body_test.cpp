// SPDX-License-Identifier: Apache-2.0
#include "api/body.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tcpctl::api {
namespace {

Problem refusal(std::string_view body, const std::vector<std::string>& keys = {"level"}) {
  auto object = read_object(body, keys);
  return object ? Problem{200, "taken", {}} : object.error();
}

TEST(Body, TakesNothingForAnEmptyObject) { EXPECT_TRUE(read_object("", {})->empty()); }

TEST(Body, ReadsItsKeys) {
  EXPECT_EQ(text_member(*read_object(R"({"level": "debug"})", {"level"}), "level"), "debug");
}

TEST(Body, PointsAtEveryUnknownKeyAndSaysWhatWasMeant) {
  const auto problem = refusal(R"({"levle": 1, "a/b~c": 2})");

  EXPECT_EQ(problem.status, 400);
  ASSERT_EQ(problem.errors.size(), 2U);
  EXPECT_EQ(problem.errors[0].pointer, "/levle");
  EXPECT_EQ(problem.errors[0].detail, "unknown key 'levle'; did you mean 'level'?");
  EXPECT_EQ(problem.errors[1].pointer, "/a~1b~0c");
}

TEST(Body, RefusesWhatIsNoJsonObject) {
  EXPECT_EQ(refusal("{").detail, "the body is not JSON: error at byte 2");
  EXPECT_EQ(refusal("[]").detail, "the body is not a JSON object");
  EXPECT_EQ(refusal("\xff").status, 400);
  EXPECT_EQ(refusal(R"({"level": "a"} x)").status, 400);
}

TEST(Body, RefusesAKeyGivenTwice) {
  EXPECT_EQ(refusal(R"({"level": "debug", "level": "info"})").detail, "the key 'level' is given twice");
}

TEST(Body, RefusesDepthWithoutEnd) {
  EXPECT_EQ(refusal(std::string(500'000, '[')).status, 400);
  EXPECT_EQ(refusal(R"({"level":)" + std::string(40, '[') + std::string(40, ']') + "}").detail,
            "the body is nested deeper than 32");
}

TEST(Body, PointsAtAMemberOfAnotherType) {
  const auto member = text_member(*read_object(R"({"level": 3})", {"level"}), "level");

  ASSERT_FALSE(member);
  EXPECT_EQ(member.error().errors.at(0).pointer, "/level");
  EXPECT_EQ(member.error().errors.at(0).detail, "expected a text, got number");
}

}  // namespace
}  // namespace tcpctl::api
