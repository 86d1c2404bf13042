// SPDX-License-Identifier: Apache-2.0
#include "ctl/listing.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ListingTest : public ::testing::Test {
 protected:
  Ran here(std::vector<std::string> arguments, Around around = {}) {
    arguments.insert(arguments.begin(), {"--utc", "--host", daemon_.host()});
    return tcpctl(arguments, around);
  }
  FakeDaemon daemon_;
};

TEST_F(ListingTest, ShowsTheColumnsThatWereNamedInTheirOrder) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb, kHello}));

  const auto ran = here({"listener", "--columns", "state,NAME,source"});

  EXPECT_THAT(ran.out, StartsWith("STATE"));
  EXPECT_THAT(ran.out, HasSubstr("NAME"));
  EXPECT_THAT(ran.out, HasSubstr("SOURCE"));
  EXPECT_THAT(ran.out, Not(HasSubstr("ACTIVE")));
}

TEST_F(ListingTest, LeavesTheHeadingsOut) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}));

  EXPECT_EQ(here({"listener", "--columns", "name", "--no-headers"}).out, "web\n");
  EXPECT_EQ(here({"listener", "--columns", "name", "--no-headers", "-o", "csv"}).out, "web\r\n");
  EXPECT_EQ(here({"listener", "--columns", "name", "-o", "csv"}).out, "name\r\nweb\r\n");
}

TEST_F(ListingTest, SortsFiltersAndCutsWhatTheDaemonGivesWhole) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb, kHello, kEcho}));
  const auto list = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"listener", "--columns", "name", "--no-headers"});
    return here(more).out;
  };

  EXPECT_EQ(list({"--sort", "name"}), "echo-with-a-name-of-some-length\nhello\nweb\n");
  EXPECT_EQ(list({"--sort=-name", "--limit", "2"}), "web\nhello\n");
  EXPECT_EQ(list({"--filter", "name~h", "--filter", "name!=hello"}), "echo-with-a-name-of-some-length\n");
  EXPECT_EQ(list({"--filter", "name=nobody"}), "");
}

TEST_F(ListingTest, AsksNobodyWhereAWordIsWrong) {
  EXPECT_EQ(here({"listener", "--sort", "nmae"}).err,
            "tcpctl: --sort: no column 'nmae'; did you mean 'name'?\n");
  EXPECT_EQ(here({"listener", "--filter", "name"}).exit, Exit::usage);
  EXPECT_EQ(here({"listener", "--columns", ","}).err,
            "tcpctl: --columns: no column is named; write --columns name,state\n");
  EXPECT_THAT(here({"conn", "--columns", "rt"}).err, HasSubstr("--columns: no column 'rt'"));
  EXPECT_THAT(here({"listener", "--watch=0"}).err, HasSubstr("--watch: '0' is no interval of 100ms or more"));
  EXPECT_THAT(daemon_.asked(), ElementsAre());
}

TEST_F(ListingTest, LetsTheDaemonFilterAndSortConnections) {
  const std::string asked =
      "GET "
      "/v1/"
      "connections?listener=web&state=ESTABLISHED&local=10.0.0.0%2F8&where=rtt%3E50ms%2Clost%3D0&sort=-bytes_"
      "in&"
      "limit=1000";
  daemon_.answer(asked, page({kOpen}));

  const auto ran = here({"conn", "state", "ESTABLISHED", "rtt>50ms", "src", "10.0.0.0/8", "--listener", "web",
                         "--filter", "lost=0", "--sort=-in"});

  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(daemon_.asked(), ElementsAre(asked));
}

TEST_F(ListingTest, SortsByWhatTheDaemonCannotByItself) {
  daemon_.answer("GET /v1/connections?limit=1000", page({kOpen, kOutbound}));

  EXPECT_EQ(here({"conn", "--sort=-remote", "--columns", "id", "--no-headers"}).exit, Exit::done);
  EXPECT_THAT(daemon_.asked(), ElementsAre("GET /v1/connections?limit=1000"));
}

TEST_F(ListingTest, TakesTheWordsOfAFilterForNoVerbAndNoNoun) {
  daemon_.answer("GET /v1/connections?listener=history&limit=1000", page({}));

  EXPECT_EQ(here({"conn", "listener", "history"}).exit, Exit::done);
  EXPECT_EQ(here({"conn", "stat", "x"}).err, "tcpctl: 'conn' cannot 'stat'; did you mean 'state'?\n");
  EXPECT_EQ(here({"conn", "--listener", "a", "listener", "b"}).err,
            "tcpctl: --listener: the words before name it already; write it once\n");
}

TEST_F(ListingTest, WatchesUntilNobodyReadsAndMarksWhatChanged) {
  const auto with = [](int active) {
    return page({R"({"name":"web","state":"up","connections":{"active":)" + std::to_string(active) + "}}"});
  };
  daemon_.answer_in_turn("GET /v1/listeners?limit=1000", std::vector{with(1), with(2)});
  const std::vector<std::string> command{"listener", "--watch=0.1", "--columns", "name,state,active"};
  const auto first = here(command, {.reader_leaves_after = 1}).out;
  daemon_.answer_in_turn(
      "GET /v1/listeners?limit=1000",
      std::vector{with(1),
                  page({R"({"name":"new"})", R"({"name":"web","state":"up","connections":{"active":2}})"})});

  const auto ran = here(command, {.reader_leaves_after = first.size() + 1});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(first, HasSubstr("every 0.1 s\nNAME  STATE  ACTIVE\nweb   up          1\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n\n"));
  EXPECT_THAT(ran.out, HasSubstr("NAME  STATE  ACTIVE\n+new  -           -\nweb   up         2*\n"));
}

TEST_F(ListingTest, WatchesAsOneLineOfJsonEachTime) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kEcho}));

  const auto ran = here({"listener", "--watch", "0.1", "-o", "json"}, {.reader_leaves_after = 1});

  EXPECT_THAT(ran.out, StartsWith(R"({"items":[{"name":"echo-with)"));
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1);
}

TEST_F(ListingTest, FillsATerminalAndLeavesNothingOfThePictureBefore) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kEcho}));

  const auto ran = here({"listener", "--watch=0.1"}, {.terminal = true, .reader_leaves_after = 1});

  EXPECT_THAT(ran.out, StartsWith("\x1b[2J\x1b[H"));
  EXPECT_THAT(ran.out, HasSubstr("\x1b[K\r\n"));
  EXPECT_THAT(ran.out, HasSubstr("\x1b[J"));
}

TEST_F(ListingTest, WatchesNothingWhereTheDaemonIsNotThereAtFirst) {
  EXPECT_EQ(tcpctl({"--host", "unix:/nonexistent/api.sock", "listener", "--watch"}).exit, Exit::unreachable);
}

}  // namespace
}  // namespace tcpctl::ctl::test
