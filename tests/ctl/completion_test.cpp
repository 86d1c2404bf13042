// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb, kHello}));
    daemon_.answer("GET /v1/clients?limit=1000", page({kFeed}));
    daemon_.answer("GET /v1/connections?limit=200", page({kOpen}));
    daemon_.answer("GET /v1/history?limit=200", page({kClosed}));
    daemon_.answer("GET /v1/listeners/web/upstreams", page({kUpstream}));
  }

  /// What is offered for the last of `words`, without the help.
  std::vector<std::string> offered(std::vector<std::string> words, const std::string& host = {}) {
    words.insert(words.begin(), std::string{kCompleteWord});
    const auto ran = tcpctl(words, {.variables = {{"TCPCTL_HOST", host.empty() ? daemon_.host() : host}}});
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_EQ(ran.err, "");
    std::vector<std::string> texts;
    std::istringstream lines{ran.out};
    for (std::string line; std::getline(lines, line);) texts.push_back(line.substr(0, line.find('\t')));
    return texts;
  }
  FakeDaemon daemon_;
};

TEST_F(CompletionTest, OffersNounsAndThenTheirVerbs) {
  EXPECT_THAT(offered({""}), AllOf(Contains("status"), Contains("listener"), Contains("completion"),
                                   Not(Contains("--host"))));
  EXPECT_THAT(offered({"li"}), ElementsAre("listener"));
  EXPECT_THAT(offered({"listeners", "pa"}), ElementsAre("pause"));
  EXPECT_THAT(offered({"--utc", "-o", "json", "li"}), ElementsAre("listener"));
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(CompletionTest, OffersTheNamesThatTheDaemonHas) {
  EXPECT_THAT(offered({"listener", "show", ""}), ElementsAre("web", "hello"));
  EXPECT_THAT(offered({"listener", "show", "w"}), ElementsAre("web"));
  EXPECT_THAT(offered({"listener", "show", "web", ""}), IsEmpty()) << "it takes one";
  EXPECT_THAT(offered({"client", "show", ""}), ElementsAre("feed"));
  EXPECT_THAT(offered({"conn", "kill", "2-1417", ""}), ElementsAre("2-1417"));
  EXPECT_THAT(offered({"history", "show", ""}), ElementsAre("1-9"));
  EXPECT_THAT(offered({"upstream", "drain", "web", ""}), ElementsAre("u1"));
  EXPECT_THAT(offered({"conn", "--listener", ""}), ElementsAre("web", "hello"));
  EXPECT_THAT(offered({"conn", "--listener=w"}), ElementsAre("--listener=web"));
  EXPECT_THAT(offered({"conn", "listener", "h"}), ElementsAre("hello"));
}

TEST_F(CompletionTest, OffersTheWordsOfOptions) {
  EXPECT_THAT(offered({"-o", ""}), ElementsAre("table", "wide", "json", "csv"));
  EXPECT_THAT(offered({"conn", "--direction", ""}), ElementsAre("inbound", "outbound"));
  EXPECT_THAT(offered({"conn", "--state=TIME"}), ElementsAre("--state=TIME_WAIT"));
  EXPECT_THAT(offered({"history", "--reason", "peer"}), ElementsAre("peer_fin", "peer_rst"));
  EXPECT_THAT(offered({"history", "--fir"}), ElementsAre("--first"));
  EXPECT_THAT(offered({"conn", "--reset"}), IsEmpty()) << "not of the list";
  EXPECT_THAT(offered({"conn", "kill", "--res"}), ElementsAre("--reset"));
  EXPECT_THAT(offered({"conn", "--utc", "--ut"}), IsEmpty()) << "it is there already";
  EXPECT_THAT(offered({"completion", "z"}), ElementsAre("zsh"));
  EXPECT_THAT(offered({"api", "PUT", "/v1/log"}), ElementsAre("/v1/log/level"));
}

TEST_F(CompletionTest, LeavesFilesToTheShell) {
  EXPECT_THAT(offered({"listener", "add", "-f", ""}), ElementsAre(":files"));
  EXPECT_THAT(offered({"--token-file", "/e"}), ElementsAre(":files"));
}

TEST_F(CompletionTest, SaysNothingWhereTheDaemonDoesNotAnswer) {
  EXPECT_THAT(offered({"listener", "show", ""}, "unix:/nonexistent"), IsEmpty());
  EXPECT_THAT(offered({"listener", "show", ""}, "nonsense"), IsEmpty());
  daemon_.answer("GET /v1/listeners?limit=1000", Canned{200, "<html>", "text/html"});
  EXPECT_THAT(offered({"listener", "show", ""}), IsEmpty());
}

TEST_F(CompletionTest, OffersNothingThatAShellWouldRun) {
  daemon_.answer("GET /v1/listeners?limit=1000",
                 page({R"x({"name":"$(reboot)"})x", R"({"name":"a b"})", R"({"name":"x\ny"})",
                       R"({"name":"good","service":"\u001b[2J"})"}));

  EXPECT_THAT(offered({"listener", "show", ""}), ElementsAre("good"));
  const auto ran = tcpctl({std::string{kCompleteWord}, "listener", "show", ""},
                          {.variables = {{"TCPCTL_HOST", daemon_.host()}}});
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(CompletionTest, HasAScriptForEachShellAndForNoOther) {
  for (const auto* shell : {"bash", "zsh", "fish"})
    EXPECT_THAT(tcpctl({"completion", shell}).out, HasSubstr("__complete"));
  EXPECT_EQ(tcpctl({"completion", "tcsh"}).err,
            "tcpctl: no completion for 'tcsh'; there is one for bash, zsh and fish\n");
}

}  // namespace
}  // namespace tcpctl::ctl::test
