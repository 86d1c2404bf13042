// SPDX-License-Identifier: Apache-2.0
#include "ctl/cli.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/commands/registry.hpp"

namespace tcpctl::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Cli : public ::testing::Test {
 protected:
  [[nodiscard]] CommandLine parsed(const Words& words) const {
    auto line = parse_command_line(words, nouns_);
    EXPECT_TRUE(line) << line.error().line;
    return line.value_or(CommandLine{});
  }
  /// "listener show", or what is wrong.
  [[nodiscard]] std::string chosen(const Words& words) const {
    const auto line = parse_command_line(words, nouns_);
    if (!line) return line.error().line;
    if (line->noun == nullptr) return "overview";
    return line->noun->name +
           (line->verb == nullptr || line->verb->name.empty() ? "" : " " + line->verb->name);
  }
  [[nodiscard]] std::string mistake(const Words& words) const {
    const auto line = parse_command_line(words, nouns_);
    if (line) return "no mistake";
    EXPECT_EQ(line.error().exit, Exit::usage);
    return line.error().line;
  }
  const std::vector<Noun> nouns_ = commands::all();
};

TEST_F(Cli, KeepsEachOfAnOptionThatMayBeRepeatedAndTheLastOfOthers) {
  const auto line = parsed({"listener", "add", "web", "--listen", "a", "x=1", "--listen=b", "--service", "c",
                            "--service", "d", "y.z=2"});

  EXPECT_THAT(line.arguments.all("--listen"), ElementsAre("a", "b"));
  EXPECT_EQ(line.arguments.get("--service"), "d");
  EXPECT_EQ(line.arguments.get("NAME"), "web");
  EXPECT_THAT(line.arguments.all("KEY=VALUE"), ElementsAre("x=1", "y.z=2"));
}

TEST_F(Cli, IsTheOverviewWithoutACommand) { EXPECT_EQ(chosen({}), "overview"); }

TEST_F(Cli, TakesNounsInBothNumbers) {
  for (const auto* noun : {"listener", "listeners"}) EXPECT_EQ(chosen({noun}), "listener list");
  for (const auto* noun : {"client", "clients"}) EXPECT_EQ(chosen({noun}), "client list");
  for (const auto* noun : {"conn", "conns", "connection", "connections"})
    EXPECT_EQ(chosen({noun}), "conn list");
  for (const auto* noun : {"service", "services"}) EXPECT_EQ(chosen({noun}), "services list");
}

TEST_F(Cli, TakesGlobalOptionsBeforeAndAfterTheNoun) {
  for (const Words& words :
       {Words{"-o", "json", "--utc", "--host", "unix:/s", "--no-color", "conn", "list"},
        Words{"conn", "-o", "json", "list", "--utc", "--host=unix:/s", "--no-color"},
        Words{"conn", "list", "--output=json", "--utc", "--host", "unix:/s", "--no-color"}}) {
    const auto line = parsed(words);
    EXPECT_EQ(line.format, "json");
    EXPECT_EQ(line.host, "unix:/s");
    EXPECT_TRUE(line.utc);
    EXPECT_TRUE(line.no_color);
    EXPECT_EQ(line.verb->name, "list");
  }
}

TEST_F(Cli, LetsTheLastOfTwoOptionsWin) {
  EXPECT_EQ(parsed({"-o", "json", "conn", "-o", "csv"}).format, "csv");
  EXPECT_EQ(parsed({"conn", "--limit", "1", "--limit", "2"}).arguments.get("--limit"), "2");
}

TEST_F(Cli, TakesTheListsOptionsWithAndWithoutItsVerb) {
  for (const Words& words : {Words{"conn", "--listener", "web"}, Words{"conn", "list", "--listener", "web"},
                             Words{"conn", "--listener", "web", "list"}}) {
    EXPECT_EQ(parsed(words).arguments.get("--listener"), "web");
    EXPECT_EQ(parsed(words).verb->name, "list");
  }
}

TEST_F(Cli, NeverIgnoresAFilterThatTheVerbDoesNotKnow) {
  EXPECT_THAT(mistake({"conn", "--listener", "web", "show", "2-1"}),
              HasSubstr("unknown option '--listener'"));
  EXPECT_THAT(mistake({"conn", "show", "2-1", "--listener", "web"}),
              HasSubstr("unknown option '--listener'"));
  EXPECT_EQ(parsed({"conn", "--listener", "web", "kill"}).arguments.get("--listener"), "web");
}

TEST_F(Cli, TakesSeveralIds) {
  const auto line = parsed({"conn", "kill", "2-1", "--reset", "2-2", "1-3"});

  EXPECT_THAT(line.arguments.all("ID"), ElementsAre("2-1", "2-2", "1-3"));
  EXPECT_TRUE(line.arguments.has("--reset"));
}

TEST_F(Cli, TakesNamesThatAreAlsoCommands) {
  EXPECT_EQ(parsed({"listener", "show", "client"}).arguments.get("NAME"), "client");
  EXPECT_EQ(parsed({"listener", "show", "list"}).arguments.get("NAME"), "list");
  EXPECT_EQ(parsed({"client", "send", "status", "conn"}).arguments.get("TEXT"), "conn");
}

TEST_F(Cli, TakesTextAsItIs) {
  for (const auto* text : {"-", "[a,b]", "{}", "a=b", "", "%s"}) {
    EXPECT_EQ(parsed({"client", "send", "feed", text}).arguments.get("TEXT"), text);
  }
  EXPECT_EQ(parsed({"client", "send", "feed", "--", "--help"}).arguments.get("TEXT"), "--help");
  EXPECT_EQ(parsed({"api", "POST", "/v1/x", "-d", "[1,2]"}).arguments.get("--data"), "[1,2]");
  EXPECT_EQ(parsed({"conn", "--sort", "-age"}).arguments.get("--sort"), "-age");
}

TEST_F(Cli, SaysWhatWasPerhapsMeant) {
  EXPECT_EQ(mistake({"lisener"}), "unknown command 'lisener'; did you mean 'listener'?");
  EXPECT_EQ(mistake({"conn", "shwo", "2-1"}), "'conn' cannot 'shwo'; did you mean 'show'?");
  EXPECT_EQ(mistake({"conn", "--lisener", "web"}), "unknown option '--lisener'; did you mean '--listener'?");
  EXPECT_EQ(mistake({"--hots", "x"}), "unknown option '--hots'; did you mean '--host'?");
}

TEST_F(Cli, SaysHowToSeeOneWhereItsNameStandsAlone) {
  EXPECT_EQ(mistake({"listener", "frontend"}),
            "'listener' cannot 'frontend'; to see one, write 'tcpctl listener show frontend'");
}

TEST_F(Cli, SaysWhatIsMissingOrTooMuch) {
  EXPECT_EQ(mistake({"listener", "show"}), "NAME is missing; see 'tcpctl listener show --help'");
  EXPECT_EQ(mistake({"api", "GET"}), "PATH is missing; see 'tcpctl api --help'");
  EXPECT_EQ(mistake({"upstream", "drain", "web"}), "UPSTREAM is missing; see 'tcpctl upstream drain --help'");
  EXPECT_EQ(mistake({"status", "now"}), "'now' is one word too many; see 'tcpctl status --help'");
  EXPECT_EQ(mistake({"conn", "--limit"}), "--limit needs a value; see 'tcpctl conn list --help'");
  EXPECT_EQ(mistake({"--host"}), "--host needs a value; see 'tcpctl --help'");
}

TEST_F(Cli, EscapesTheUsersOwnWordsToo) {
  EXPECT_THAT(mistake({"\x1b[2Jnonsense"}), HasSubstr("unknown command '\\x1b[2Jnonsense'"));
}

TEST_F(Cli, UnderstandsHelpEvenWhereWordsAreMissing) {
  EXPECT_TRUE(parsed({"--help"}).help);
  EXPECT_TRUE(parsed({"listener", "show", "-h"}).help);
  EXPECT_EQ(parsed({"listener", "show", "-h"}).verb->name, "show");
  EXPECT_EQ(parsed({"listener", "--help"}).verb, nullptr);
}

}  // namespace
}  // namespace tcpctl::ctl
