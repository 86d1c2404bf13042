// SPDX-License-Identifier: Apache-2.0
// tcpctl conn and tcpctl history.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "ctl/json.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Connection : public ::testing::Test {
 protected:
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(Connection, JoinsAllPagesIntoOneList) {
  daemon_.answer("GET /v1/connections?limit=1000", page({kOpen}, "a b"));
  daemon_.answer("GET /v1/connections?limit=1000&cursor=a%20b", page({kOutbound}));

  const auto json = Json::parse(here({"conn", "-o", "json"}).out);

  ASSERT_TRUE(json);
  ASSERT_EQ(json->items("items").size(), 2U);
  EXPECT_EQ(json->items("items")[1].text("id"), "2-1418");
  EXPECT_EQ(json->members().size(), 1U);
}

TEST_F(Connection, LeavesTheJsonOpenWhenALaterPageFails) {
  daemon_.answer("GET /v1/connections?limit=1000", page({kOpen}, "c"));
  daemon_.answer("GET /v1/connections?limit=1000&cursor=c", problem(504, "no answer in time"));

  const auto ran = here({"conn", "-o", "json"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_FALSE(Json::parse(ran.out));
  EXPECT_THAT(ran.err, HasSubstr("no answer in time"));
}

TEST_F(Connection, DoesNotTurnInCirclesWhenACursorComesBack) {
  daemon_.answer("GET /v1/connections?limit=1000", page({kOpen}, "c"));
  daemon_.answer("GET /v1/connections?limit=1000&cursor=c", page({kOpen}, "c"));

  EXPECT_EQ(here({"conn"}).exit, Exit::failed);
}

TEST_F(Connection, SaysWhenTheKernelsFactsWereTaken) {
  const auto heading_of = [this](const std::string& taken) {
    std::string row{kOpen};
    row.replace(row.find("live"), 4, taken);
    daemon_.answer("GET /v1/connections/2-1417", row);
    return here({"conn", "show", "2-1417"}).out;
  };

  EXPECT_THAT(heading_of("live"), HasSubstr("TCP, as the kernel sees it now\n"));
  EXPECT_THAT(heading_of("before_close"), HasSubstr("TCP, as the kernel saw it before the close\n"));
  EXPECT_THAT(heading_of("final"), HasSubstr("TCP, as the kernel saw it at the end\n"));
}

TEST_F(Connection, AsksForNoMoreThanTheLimit) {
  daemon_.answer("GET /v1/connections?limit=1", page({kOpen}, "c"));

  const auto ran = here({"conn", "--limit", "1", "-o", "csv"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(daemon_.asked(), ElementsAre("GET /v1/connections?limit=1"));
  EXPECT_EQ(here({"conn", "--limit", "0"}).exit, Exit::usage);
  EXPECT_EQ(here({"conn", "--limit", "many"}).exit, Exit::usage);
}

TEST_F(Connection, HandsItsFiltersToTheDaemon) {
  (void)here({"conn", "--listener", "web", "--state", "close-wait", "--direction", "inbound", "--peer",
              "10.0.0.0/8", "--older-than", "5m", "--min-bytes", "64KiB", "--sort=-age"});

  EXPECT_THAT(
      daemon_.asked(),
      ElementsAre("GET /v1/connections?listener=web&state=close-wait&direction=inbound&peer=10.0.0.0%2F8"
                  "&older_than=5m&min_bytes=64KiB&sort=-age&limit=1000"));
}

TEST_F(Connection, TakesABareNumberOfBytes) {
  (void)here({"conn", "--min-bytes", "1000"});

  EXPECT_THAT(daemon_.asked(), ElementsAre("GET /v1/connections?min_bytes=1000B&limit=1000"));
}

TEST_F(Connection, RefusesValuesThatNoDaemonCouldTake) {
  EXPECT_EQ(here({"conn", "--older-than", "5"}).exit, Exit::usage);
  EXPECT_EQ(here({"conn", "--min-bytes", "lots"}).exit, Exit::usage);
  EXPECT_EQ(here({"history", "--since", "yesterday"}).exit, Exit::usage);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Connection, TakesTimesOfTheHistoryAsRfc3339InUtc) {
  (void)here({"history", "--reason", "peer_rst", "--first", "remote", "--how", "rst", "--since",
              "2026-11-22T14:00:00+01:00"});

  EXPECT_THAT(daemon_.asked(), ElementsAre("GET /v1/history?reason=peer_rst&first=remote&how=rst"
                                           "&since=2026-11-22T13%3A00%3A00.000000Z&limit=1000"));
}

TEST_F(Connection, TakesADurationAsThatLongAgo) {
  (void)here({"history", "--since", "10m"});

  ASSERT_EQ(daemon_.asked().size(), 1U);
  EXPECT_THAT(daemon_.asked().front(), HasSubstr("GET /v1/history?since=20"));
}

TEST_F(Connection, IsNotFoundWhereTheIdIsWrong) {
  daemon_.answer("GET /v1/connections/9-9", problem(404, "no connection '9-9'"));

  const auto ran = here({"conn", "show", "9-9"});

  EXPECT_EQ(ran.exit, Exit::not_found);
  EXPECT_EQ(ran.err, "tcpctl: no connection '9-9'; 'tcpctl conn' and 'tcpctl history' list them\n");
}

TEST_F(Connection, ShowsOneOfTheHistory) {
  daemon_.answer("GET /v1/history/1-9", kClosed);

  const auto ran = here({"history", "show", "1-9"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.out, HasSubstr("Ended first by  remote, with rst"));
}

TEST_F(Connection, EndsEachIdGracefullyOrByReset) {
  daemon_.answer("DELETE /v1/connections/2-1?how=graceful", std::string{R"({"ended": 1})"});
  daemon_.answer("DELETE /v1/connections/2-2?how=reset", std::string{R"({"ended": 1})"});

  EXPECT_EQ(here({"conn", "kill", "2-1"}).out, "2-1: ending: FIN sent, waiting for the peer's\n");
  EXPECT_EQ(here({"conn", "kill", "2-2", "--reset"}).out, "2-2: reset\n");
}

TEST_F(Connection, EndsTheOthersWhereOneIdIsWrong) {
  daemon_.answer("DELETE /v1/connections/2-1?how=reset", problem(404, "no open connection '2-1'"));
  daemon_.answer("DELETE /v1/connections/2-2?how=reset", std::string{R"({"ended": 1})"});

  const auto ran = here({"conn", "kill", "2-1", "2-2", "--reset", "--yes"});

  EXPECT_EQ(ran.exit, Exit::not_found);
  EXPECT_EQ(ran.out, "2-2: reset\n");
  EXPECT_EQ(ran.err, "tcpctl: no open connection '2-1'; 'tcpctl conn' lists them\n");
}

TEST_F(Connection, EndsSeveralIdsOnlyIfTheUserSaysYes) {
  daemon_.answer("DELETE /v1/connections/2-1?how=reset", std::string{R"({"ended": 1})"});
  daemon_.answer("DELETE /v1/connections/2-2?how=reset", std::string{R"({"ended": 1})"});

  const auto nobody = here({"conn", "kill", "2-1", "2-2", "--reset"});
  EXPECT_EQ(nobody.exit, Exit::usage);
  EXPECT_EQ(nobody.err, "tcpctl: 2 connections are to be ended; write --yes to say that you mean it\n");
  EXPECT_EQ(here({"conn", "kill", "2-1", "2-2", "--reset"}, {.typed = "n\n"}).exit, Exit::failed);
  EXPECT_THAT(daemon_.asked(), IsEmpty());

  EXPECT_EQ(here({"conn", "kill", "2-1", "2-2", "--reset"}, {.typed = "y\n"}).out,
            "2-1: reset\n2-2: reset\n");
}

TEST_F(Connection, EndsSeveralIdsWithOneDocumentOfJson) {
  daemon_.answer("DELETE /v1/connections/2-1?how=graceful", std::string{R"({"ended": 1})"});
  daemon_.answer("DELETE /v1/connections/2-2?how=graceful", std::string{R"({"ended": 2})"});

  const auto both = Json::parse(here({"conn", "kill", "2-1", "9-9", "2-2", "--yes", "-o", "json"}).out);
  const auto one = Json::parse(here({"conn", "kill", "2-1", "-o", "json"}).out);

  ASSERT_TRUE(both && one);
  EXPECT_EQ(both->dump(-1), R"({"items":[{"ended":1},{"ended":2}]})");
  EXPECT_EQ(one->dump(-1), R"({"ended":1})");
  EXPECT_EQ(here({"conn", "kill", "9-9", "-o", "json"}).out, "");
}

TEST_F(Connection, EndsAllThatMatchAFilter) {
  daemon_.answer("DELETE /v1/connections?listener=web&how=reset", std::string{R"({"ended": 1200})"});

  EXPECT_EQ(here({"conn", "kill", "--listener", "web", "--reset", "--yes"}).out, "1,200 connections reset\n");
}

TEST_F(Connection, EndsSeveralOfAFilterOnlyIfTheUserSaysYes) {
  const std::string count = "GET /v1/connections?listener=web&limit=1";
  const std::string kill = "DELETE /v1/connections?listener=web&how=graceful";
  daemon_.answer(count, std::string{R"({"items": [], "total": 1200, "next": null})"});
  daemon_.answer(kill, std::string{R"({"ended": 1200})"});

  const auto nobody = here({"conn", "kill", "--listener", "web"});
  const auto no = here({"conn", "kill", "--listener", "web"}, {.typed = "n\n"});
  EXPECT_EQ(nobody.exit, Exit::usage);
  EXPECT_EQ(nobody.err, "tcpctl: 1,200 connections match; write --yes to say that you mean it\n");
  EXPECT_EQ(no.exit, Exit::failed);
  EXPECT_EQ(no.err, "1,200 connections match; end them? [y/N] tcpctl: nothing was done\n");
  EXPECT_THAT(daemon_.asked(), ElementsAre(count, count));

  EXPECT_EQ(here({"conn", "kill", "--listener", "web"}, {.typed = "y\n"}).exit, Exit::done);
  EXPECT_EQ(daemon_.asked().back(), kill);
}

TEST_F(Connection, EndsTheOnlyOneOfAFilterWithoutAQuestion) {
  daemon_.answer("GET /v1/connections?listener=web&limit=1",
                 std::string{R"({"items": [], "total": 1, "next": null})"});
  daemon_.answer("DELETE /v1/connections?listener=web&how=graceful", std::string{R"({"ended": 1})"});

  EXPECT_EQ(here({"conn", "kill", "--listener", "web"}).out,
            "1 connection ending: FIN sent, waiting for the peers'\n");
  daemon_.answer("DELETE /v1/connections?listener=web&how=graceful", std::string{R"({"ended": 0})"});
  EXPECT_EQ(here({"conn", "kill", "--listener", "web"}).out, "no connection matches; none was ended\n");
}

TEST_F(Connection, NeverEndsConnectionsWithoutBeingToldWhich) {
  EXPECT_EQ(here({"conn", "kill"}).exit, Exit::usage);
  EXPECT_EQ(here({"conn", "kill", "--reset"}).exit, Exit::usage);
  EXPECT_EQ(here({"conn", "kill", "2-1", "--listener", "web"}).exit, Exit::usage);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Connection, CannotLeaveThePathByAnId) {
  (void)here({"conn", "kill", "../listeners/web"});

  EXPECT_THAT(daemon_.asked(), ElementsAre("DELETE /v1/connections/..%2Flisteners%2Fweb?how=graceful"));
}

TEST_F(Connection, EndsNothingWhereAWordOfAFilterStandsForAnId) {
  EXPECT_EQ(
      here({"conn", "kill", "state", "CLOSE-WAIT"}).err,
      "tcpctl: 'state' is no id such as 2-1417; a filter is written in options here: --state CLOSE-WAIT\n");
  EXPECT_THAT(daemon_.asked(), ElementsAre());
}

}  // namespace
}  // namespace tcpctl::ctl::test
