// SPDX-License-Identifier: Apache-2.0
#include "api/core.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/ask.hpp"

namespace tcpctl::api {
namespace {

class CoreTest : public testing::Test {
 protected:
  test::Asker asker_;

  void come_over_loopback() {
    asker_.peer.door = Door::http;
    asker_.peer.remote = test::ip("127.0.0.1:5000");
  }
};

TEST_F(CoreTest, AnswersJsonWithTheHeadersOfEveryAnswer) {
  const auto response = asker_.get("/v1/status");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "application/json");
  EXPECT_EQ(response.header("Cache-Control"), "no-store");
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(response.header("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'");
  EXPECT_EQ(response.header("Content-Length"), std::to_string(response.body.size()));
  EXPECT_EQ(response.json().at("version"), "0.1.0");
}

TEST_F(CoreTest, AnswersProblemsAsRfc9457Says) {
  const auto response = asker_.get("/v1/listeners/nope");

  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(
      response.body,
      R"({"type":"urn:tcpctl:problem:not-found","title":"Not Found","status":404,"detail":"no listener 'nope'"})");
}

TEST_F(CoreTest, GivesEveryErrorItsStatus) {
  const auto status = [this](Errc code) {
    asker_.control.failure = Error{code, "why"};
    return asker_.get("/v1/status").status;
  };

  EXPECT_EQ(status(Errc::invalid_argument), 400);
  EXPECT_EQ(status(Errc::denied), 403);
  EXPECT_EQ(status(Errc::not_found), 404);
  EXPECT_EQ(status(Errc::already_exists), 409);
  EXPECT_EQ(status(Errc::conflict), 409);
  EXPECT_EQ(status(Errc::io), 500);
  EXPECT_EQ(status(Errc::limit_reached), 503);
  EXPECT_EQ(status(Errc::unavailable), 503);
  EXPECT_EQ(status(Errc::timed_out), 504);
}

TEST_F(CoreTest, TellsAnUnknownPathFromAnotherMethod) {
  EXPECT_EQ(asker_.get("/v2/status").status, 404);
  EXPECT_EQ(asker_.get("/v1/status/").status, 404);
  EXPECT_EQ(asker_.get("//v1/status").status, 404);
  EXPECT_EQ(asker_.get("/v1/listeners//pause").status, 404);
  const auto response = asker_.ask("DELETE", "/v1/log/level");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.header("Allow"), "GET, HEAD, PUT");
}

TEST_F(CoreTest, AnswersHeadLikeGetWithoutItsBody) {
  const auto get = asker_.get("/v1/status");
  const auto head = asker_.ask("HEAD", "/v1/status");

  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.header("Content-Length"), get.header("Content-Length"));
  EXPECT_EQ(head.header("Accept-Ranges"), "");
}

TEST_F(CoreTest, KeepsOrClosesTheConnectionAsAsked) {
  test::FakeControlPlane control;
  Core core{control};
  const auto access = Access::make({}).value();
  Peer root;
  root.door = Door::unix_socket;
  HttpRequest request{"GET", "/healthz", true, {{"host", "localhost"}}, ""};

  const auto kept = core.answer(request, root, access);
  request.keep_alive = false;
  const auto closed = core.answer(request, root, access);

  EXPECT_FALSE(kept.close);
  EXPECT_EQ(test::take_apart(kept.bytes).header("Connection"), "");
  EXPECT_TRUE(closed.close);
  EXPECT_EQ(test::take_apart(closed.bytes).header("Connection"), "close");
}

TEST_F(CoreTest, RefusesForeignHostsAndOriginsOnEveryMethod) {
  for (const auto* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(asker_.ask(method, "/v1/connections", "", {{"host", "evil.example"}}).status, 421);
    EXPECT_EQ(asker_.ask(method, "/v1/connections", "", {{"origin", "http://evil.example"}}).status, 403);
    EXPECT_EQ(asker_.ask(method, "/v1/connections", "", {{"origin", "null"}}).status, 403);
  }
  EXPECT_TRUE(asker_.control.calls().empty());
}

TEST_F(CoreTest, SendsNoCorsHeaders) {
  const auto response = asker_.ask("GET", "/v1/status", "", {{"origin", "http://localhost"}});

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.head.find("Access-Control"), std::string::npos);
}

TEST_F(CoreTest, AsksAnonymousCallersForATokenBeforeItChangesAnything) {
  come_over_loopback();

  const auto response = asker_.ask("POST", "/v1/listeners/web/pause");

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.header("WWW-Authenticate"), "Bearer");
  EXPECT_TRUE(asker_.control.calls().empty());
  EXPECT_EQ(asker_.get("/v1/status").status, 200);
}

TEST_F(CoreTest, LetsNobodyWithoutARoleBeyondHealth) {
  asker_.peer.uid = 54321;

  EXPECT_EQ(asker_.get("/v1/status").status, 403);
  EXPECT_EQ(asker_.get("/metrics").status, 403);
  EXPECT_EQ(asker_.get("/healthz").status, 200);
  EXPECT_EQ(asker_.get("/readyz").status, 200);
}

TEST_F(CoreTest, ServesOnlyThreePathsOnTheMetricsListener) {
  asker_.peer.door = Door::metrics;
  asker_.peer.remote = test::ip("10.0.0.5:5000");

  EXPECT_EQ(asker_.get("/metrics").status, 200);
  EXPECT_EQ(asker_.get("/healthz").status, 200);
  EXPECT_EQ(asker_.get("/readyz").status, 200);
  for (const auto* path : {"/", "/v1/status", "/v1/config", "/v1/openapi.json", "/metrics/"}) {
    EXPECT_EQ(asker_.get(path).status, 404) << path;
  }
}

TEST_F(CoreTest, TakesOnlyJsonBodies) {
  const std::string body = R"({"level": "debug"})";

  EXPECT_EQ(asker_.ask("PUT", "/v1/log/level", body).status, 200);
  EXPECT_EQ(
      asker_.ask("PUT", "/v1/log/level", body, {{"content-type", "Application/JSON; charset=utf-8"}}).status,
      200);
  for (const auto* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "application/jsonx"}) {
    EXPECT_EQ(asker_.ask("PUT", "/v1/log/level", body, {{"content-type", type}}).status, 415) << type;
  }
}

TEST_F(CoreTest, RefusesBodiesWhereNoneBelongs) {
  EXPECT_EQ(asker_.ask("GET", "/v1/status", "{}").status, 400);
  EXPECT_EQ(asker_.ask("POST", "/v1/listeners/web/pause", R"({"force": true})").status, 400);
  EXPECT_EQ(asker_.ask("POST", "/v1/listeners/web/pause", "{}").status, 200);
}

TEST_F(CoreTest, RefusesQueryParametersItDoesNotKnow) {
  EXPECT_EQ(asker_.get("/v1/connections?limti=5").json().at("detail"),
            "unknown query parameter 'limti'; did you mean 'limit'?");
  EXPECT_EQ(asker_.get("/v1/connections?limit=5&limit=6").json().at("detail"),
            "a query parameter is given twice");
  EXPECT_EQ(asker_.get("/v1/status?x=1").status, 400);
}

TEST_F(CoreTest, DecodesTheTargetOnce) {
  EXPECT_EQ(asker_.get("/v1/listeners/w%65b").status, 200);
  EXPECT_EQ(asker_.get("/v1/listeners/w%2565b").json().at("detail"), "no listener 'w%65b'");
  EXPECT_EQ(asker_.get("/v1/connections?peer=10.0.0.0%2F8").status, 200);
}

TEST_F(CoreTest, AnswersMalformedTargetsWithAProblem) {
  const auto response = asker_.get("/v1/connections?a?b");

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
}

TEST_F(CoreTest, SurvivesEveryByteInATarget) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto response = asker_.get(fmt::format("/v1/listeners/%{:02x}", byte));
    EXPECT_TRUE(response.status == 404 || response.status == 400) << byte;
    EXPECT_EQ(response.head.find('\0'), std::string::npos);
    EXPECT_FALSE(response.json().at("detail").get<std::string>().empty());
  }
}

/// Throws where nothing of ours would: the answer must not tell, and the daemon must live.
class ThrowingControlPlane final : public test::FakeControlPlane {
  Result<StatusRow> status() override { throw std::runtime_error{"secret"}; }
};

TEST_F(CoreTest, TellsNothingOfAnException) {
  ThrowingControlPlane control;
  Core core{control};
  Peer root;
  root.door = Door::unix_socket;

  const auto bytes =
      core.answer({"GET", "/v1/status", true, {{"host", "localhost"}}, ""}, root, Access::make({}).value())
          .bytes;

  EXPECT_EQ(test::take_apart(bytes).status, 500);
  EXPECT_EQ(bytes.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace tcpctl::api
