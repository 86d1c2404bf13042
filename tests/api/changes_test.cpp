// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Verb = ControlPlane::ObjectChange::Verb;

class Changes : public testing::Test {
 protected:
  test::Asker asker_;
  test::FakeControlPlane& control_{asker_.control};
  ControlPlane::ObjectChange& seen_{control_.object_change};
};

TEST_F(Changes, HandOverWhatWasAskedFor) {
  asker_.ask("PUT", "/v1/listeners/web", R"({"service":"echo"})");
  EXPECT_EQ(seen_.object, (ObjectName{ObjectKind::listener, "web"}));
  EXPECT_EQ(seen_.verb, Verb::put);
  EXPECT_EQ(seen_.body, R"({"service":"echo"})");
  EXPECT_FALSE(seen_.dry_run);
  EXPECT_FALSE(seen_.must_be_new);
  EXPECT_THAT(seen_.tags, IsEmpty());

  asker_.ask("PATCH", "/v1/clients/feed?dry_run=true", "{}");
  EXPECT_EQ(seen_.object, (ObjectName{ObjectKind::client, "feed"}));
  EXPECT_EQ(seen_.verb, Verb::patch);
  EXPECT_TRUE(seen_.dry_run);

  asker_.ask("DELETE", "/v1/listeners/web?drain=30s");
  EXPECT_EQ(seen_.verb, Verb::remove);
  EXPECT_EQ(seen_.drain, std::chrono::seconds{30});
}

TEST_F(Changes, ReadPreconditions) {
  const auto put = [&](const std::string& name, const std::string& value) {
    return asker_.ask("PUT", "/v1/clients/feed", "{}", {{name, value}}).status;
  };

  EXPECT_EQ(put("if-match", R"("a", W/"b" ,"c")"), 200);
  EXPECT_THAT(seen_.tags, ElementsAre("a", "", "c"));
  EXPECT_EQ(put("if-match", "*"), 200);
  EXPECT_THAT(seen_.tags, ElementsAre("*"));
  EXPECT_EQ(put("if-none-match", "*"), 200);
  EXPECT_TRUE(seen_.must_be_new);
  for (const auto* wrong : {"", "a", "\"a", "\"a\"b", ",", "W/", "*, \"a\""})
    EXPECT_EQ(put("if-match", wrong), 400);
  EXPECT_EQ(put("if-none-match", "\"a\""), 400);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/clients/feed", "", {{"if-none-match", "*"}}).status, 400);
}

TEST_F(Changes, AnswerWhatWasDone) {
  ChangeRow row{.name = "web",
                .outcome = ChangeRow::Outcome::created,
                .keys = {{"idle_timeout", "now"}},
                .config = R"({"service":"echo"})",
                .tag = "t1"};
  control_.change_answer = ControlPlane::ChangeAnswer{row, {}};

  const auto created = asker_.ask("PUT", "/v1/listeners/web", "{}");

  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.header("Location"), "/v1/listeners/web");
  EXPECT_EQ(created.header("ETag"), "\"t1\"");
  EXPECT_EQ(created.body,
            R"({"name":"web","outcome":"created","dry_run":false,"keys":{"idle_timeout":"now"},)"
            R"("config":{"service":"echo"}})");

  row.dry_run = true;
  control_.change_answer = ControlPlane::ChangeAnswer{row, {}};
  EXPECT_EQ(asker_.ask("PUT", "/v1/listeners/web?dry_run=true", "{}").status, 200);
}

TEST_F(Changes, AnswerEachMistakeOfTheBody) {
  control_.change_answer = ControlPlane::ChangeAnswer{{}, {{"/a", "a is wrong"}, {"/b", "b is wrong"}}};

  const auto answer = asker_.ask("PATCH", "/v1/listeners/web", "{}");

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json().at("detail"), "a is wrong");
  EXPECT_EQ(answer.json().at("errors").size(), 2U);
}

TEST_F(Changes, GiveEachErrorItsStatus) {
  for (const auto& [code, status] : {std::pair{Errc::not_found, 404}, std::pair{Errc::conflict, 409},
                                     std::pair{Errc::outdated, 412}, std::pair{Errc::unavailable, 503}}) {
    control_.change_answer = fail(code, "why");
    EXPECT_EQ(asker_.ask("PUT", "/v1/listeners/web", "{}").status, status);
  }
}

TEST_F(Changes, RefuseWhatIsNoRequest) {
  EXPECT_EQ(asker_.ask("PUT", "/v1/listeners/web").status, 400) << "without a body";
  EXPECT_EQ(asker_.ask("PATCH", "/v1/listeners/web").status, 400);
  EXPECT_EQ(asker_.ask("PUT", "/v1/listeners/web?dry_run=1", "{}").status, 400);
  EXPECT_EQ(asker_.ask("PUT", "/v1/listeners/web?drain=1s", "{}").status, 400) << "not of PUT";
  EXPECT_EQ(asker_.ask("DELETE", "/v1/clients/feed?drain=1s").status, 400) << "not of clients";
  EXPECT_EQ(asker_.ask("DELETE", "/v1/listeners/web?drain=soon").status, 400);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/listeners/web?drain=25h").status, 400);
  EXPECT_EQ(asker_.ask("DELETE", "/v1/listeners/web", R"({"a":1})").status, 400);
  EXPECT_EQ(seen_.object.name, "") << "nothing was asked of the daemon";
}

TEST_F(Changes, ForceAReload) {
  asker_.ask("POST", "/v1/config/reload?force=true");
  asker_.ask("POST", "/v1/config/reload?force=false");

  EXPECT_THAT(control_.calls(), ElementsAre("reload, files win", "reload"));
  EXPECT_EQ(asker_.ask("POST", "/v1/config/reload?force=yes").status, 400);
}

}  // namespace
}  // namespace tcpctl::api
