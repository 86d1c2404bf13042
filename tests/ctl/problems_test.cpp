// SPDX-License-Identifier: Apache-2.0
#include "ctl/problems.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const View kView{.width = std::nullopt, .utc = true};

Json json(const std::string& text) { return Json::parse(text).value_or(Json{}); }

std::vector<std::string> texts(const std::string& status, const std::vector<std::string>& listeners = {},
                               const std::vector<std::string>& clients = {}) {
  std::vector<Json> listener_values;
  std::vector<Json> client_values;
  for (const auto& each : listeners) listener_values.push_back(json(each));
  for (const auto& each : clients) client_values.push_back(json(each));
  std::vector<std::string> out;
  for (const auto& problem : problems(json(status), listener_values, client_values, kView))
    out.push_back(problem.text);
  return out;
}

TEST(Problems, AreNoneWhereAllIsWell) { EXPECT_THAT(texts(kStatus, {kWeb}), IsEmpty()); }

TEST(Problems, TellOfADaemonThatDrains) {
  const auto status = [](const std::string& drain, int active) {
    return R"({"drain": )" + drain + R"(, "totals": {"connections_active": )" + std::to_string(active) + "}}";
  };
  const std::string drain =
      R"({"began_at": "2026-11-22T13:00:00.000000Z", "ends_at": "2026-11-22T13:00:30.000000Z"})";

  EXPECT_THAT(texts(status(drain, 1200)),
              ElementsAre("the daemon drains since 2026-11-22 13:00:00Z, 1,200 connections left, ends by "
                          "2026-11-22 13:00:30Z"));
  EXPECT_THAT(texts(status(drain, 1)), ElementsAre(HasSubstr(", 1 connection left, ")));
  EXPECT_THAT(texts(status("null", 1200)), IsEmpty());
}

TEST(Problems, NameAnAddressThatCannotBeBound) {
  EXPECT_THAT(
      texts(kStatus, {kHello}),
      ElementsAre(
          "listener hello: cannot listen on 127.0.0.1:6000: Address already in use; it is tried again"));
}

TEST(Problems, SayNoAddressTwice) {
  EXPECT_THAT(texts("{}", {R"({"name": "a", "state": "failed", "addresses": [{"configured": "192.0.2.1:7",
                               "state": "failed", "error": "cannot listen on 192.0.2.1:7: not here"}]})"}),
              ElementsAre("listener a: cannot listen on 192.0.2.1:7: not here; it is tried again"));
}

TEST(Problems, PutWhatSomebodyWantedBehindWhatFailed) {
  EXPECT_THAT(texts(kStatus, {kEcho, kHello}), ElementsAre(HasSubstr("hello"), HasSubstr("is paused")));
}

TEST(Problems, TellOfAListenerThatIsFull) {
  EXPECT_THAT(texts("{}", {R"({"name": "a", "state": "up", "connections": {"active": 10, "limit": 10}})"}),
              ElementsAre("listener a is full: 10 connections"));
}

TEST(Problems, TellWhyAClientIsNotConnectedAndWhenItTriesAgain) {
  EXPECT_THAT(
      texts(kStatus, {}, {kFeed}),
      ElementsAre("client feed is not connected to feed.example:7000: connect_refused; next try in 2.5s"));
}

TEST(Problems, TellWhatTheLastProbeFailedWith) {
  EXPECT_THAT(texts(kStatus, {}, {kSmtp}),
              ElementsAre("client smtp-check: the last probe failed with L7TOUT at step 1"));
}

TEST(Problems, AreNotSeriousWhereAProbeFailsThatIsStillUp) {
  const auto client =
      json(R"({"name": "a", "state": "up", "last_probe": {"success": false, "result": "L4CON"}})");

  const auto found = problems(json("{}"), {}, {client}, kView);

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().text, "client a: the last probe failed with L4CON");
  EXPECT_FALSE(found.front().serious);
}

TEST(Problems, TellThatTheLastReloadFailed) {
  EXPECT_THAT(texts(R"({"last_reload": {"ok": false, "errors": ["a.toml:1:1: x", "y"]}})"),
              ElementsAre("the last reload failed and changed nothing: a.toml:1:1: x (and 1 more)"));
}

TEST(Problems, TellThatTheDaemonIsNearlyFull) {
  EXPECT_THAT(texts(R"({"limits": {"max_connections": 100}, "totals": {"connections_active": 90}})"),
              ElementsAre("90 of 100 connections are open"));
}

TEST(Problems, TellWhatWasLostOrHeldBack) {
  EXPECT_THAT(texts(R"({"totals": {"accept_pauses_total": 2, "log_dropped_total": 1000,
                           "access_log_dropped_total": 3, "access_log_errors_total": 4}})"),
              ElementsAre("accepting paused 2 times for want of files or memory", "1,000 log lines were lost",
                          "7 lines of the access log were lost"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
