// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "ctl/terminal.hpp"
#include "ctl/top/screen.hpp"

namespace tcpctl::ctl::top {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Json parsed(const std::string& text) { return Json::parse(text).value(); }

std::string listener(const std::string& name, int active, int bytes) {
  return R"({"name":")" + name + R"(","state":"up","service":"echo","connections":{"active":)" +
         std::to_string(active) + R"(},"bytes_in_total":)" + std::to_string(bytes) +
         R"(,"bytes_out_total":0})";
}

std::string open_connection(int number) {
  const auto n = std::to_string(number);
  return R"({"id":"1-)" + n +
         R"(","direction":"inbound","listener":"web","state":"ESTABLISHED","remote":"10.0.0.)" + n +
         R"(:1","age_ms":10,"idle_ms":)" + n + R"(,"bytes_in":1,"bytes_out":2})";
}

class TopScreen : public ::testing::Test {
 protected:
  TopScreen() { look(); }

  /// The daemon's next answer, a second later.
  void look(std::vector<std::string> listeners = {listener("web", 2, 1000), listener("mail", 5, 0),
                                                  listener("api", 1, 0)}) {
    Snapshot snapshot;
    snapshot.status = parsed(R"({"version":"1.2.3","uptime_seconds":60,"totals":{"connections_active":3}})");
    for (const auto& text : listeners) snapshot.listeners.push_back(parsed(text));
    for (int i = 1; i <= 3; ++i) snapshot.connections.push_back(parsed(open_connection(i)));
    snapshot.connections_total = 3;
    snapshot.events = {parsed(R"({"seq":7,"type":"opened","listener":"web","connection":"1-2"})")};
    snapshot.at = at_ += 1s;
    snapshot.is_whole = true;
    screen_.take(std::move(snapshot));
  }
  Effect type(const std::string& text) {
    Effect last;
    for (const char c : text) last = screen_.on({Key::Kind::text, std::string(1, c)});
    return last;
  }
  Effect press(Key::Kind kind) { return screen_.on({kind}); }
  std::string text(std::size_t width = 80, std::size_t height = 24) {
    std::string all;
    for (const auto& line : screen_.picture(width, height).lines) all += line + "\n";
    return all;
  }
  /// The names of the rows, from the top.
  std::string chosen() {
    const auto picture = screen_.picture(80, 24);
    return picture.chosen ? picture.lines[*picture.chosen].substr(2, 4) : "none";
  }

  Screen screen_{View{}, 1s};
  Instant at_{Instant{} + 1h};
};

TEST_F(TopScreen, HasAHeadATableAndAFoot) {
  const auto all = text();

  EXPECT_THAT(all, StartsWith("tcpctld 1.2.3, up 1m00s, 3 connections, in -, out - "));
  EXPECT_THAT(all, HasSubstr("\nNo problems.\n[1 Listeners 3] 2 Clients 0  3 Connections 3  4 Events \n"));
  EXPECT_THAT(all, HasSubstr("\n  NAME^"));
  EXPECT_THAT(all, HasSubstr("? help  q quit"));
  EXPECT_EQ(std::ranges::count(all, '\n'), 24);
}

TEST_F(TopScreen, TellsBytesASecondFromOneLookToTheNext) {
  look({listener("web", 2, 501'000)});

  EXPECT_THAT(text(120), HasSubstr("  500 kB  "));
  look({listener("web", 2, 0)});  // the daemon was started anew
  EXPECT_THAT(text(120), Not(HasSubstr("-501")));
}

TEST_F(TopScreen, SortsByTheColumnsInTurn) {
  EXPECT_EQ(chosen(), "api ");
  type("r");
  press(Key::Kind::home);
  EXPECT_EQ(chosen(), "web ");
  for (int i = 0; i < 4; ++i) type(">");  // NAME STATE SERVICE ADDRESS ACTIVE
  EXPECT_THAT(text(), HasSubstr("ACTIVEv"));
  press(Key::Kind::home);
  EXPECT_EQ(chosen(), "mail");
}

TEST_F(TopScreen, KeepsTheChosenRowWhereverItGoes) {
  press(Key::Kind::down);
  EXPECT_EQ(chosen(), "mail");

  look({listener("mail", 0, 0), listener("zeta", 0, 0)});

  EXPECT_EQ(chosen(), "mail");
}

TEST_F(TopScreen, FiltersAsOneTypes) {
  type("/ma");
  EXPECT_THAT(text(), AllOf(HasSubstr("> mail"), Not(HasSubstr("web")), HasSubstr("Filter: ma_")));
  press(Key::Kind::erase);
  press(Key::Kind::erase);
  EXPECT_THAT(text(), HasSubstr("web"));
  type("xx");
  EXPECT_THAT(text(), HasSubstr("nothing matches the filter"));
  press(Key::Kind::escape);
  EXPECT_THAT(text(), HasSubstr("web"));
}

TEST_F(TopScreen, HasConnectionsFilteredByTheDaemonWhereItCan) {
  type("3/state ESTAB");

  EXPECT_THAT(screen_.wish().connections.text(), HasSubstr("state=ESTAB&sort=idle"));
  press(Key::Kind::escape);
  EXPECT_EQ(screen_.wish().connections.text(), "?sort=idle");
  type("/10.0.0.2");
  EXPECT_THAT(text(), AllOf(HasSubstr("1-2"), Not(HasSubstr("1-3"))));
}

TEST_F(TopScreen, AsksBeforeItChangesAnything) {
  type("3");
  press(Key::Kind::down);
  EXPECT_FALSE(type("K").action);
  EXPECT_THAT(text(), HasSubstr("End connection 1-2 with 10.0.0.2:1?"));
  EXPECT_FALSE(type("n").action);
  EXPECT_THAT(text(), HasSubstr("nothing was done"));
  type("K");
  const auto yes = type("y");
  ASSERT_TRUE(yes.action);
  EXPECT_EQ(yes.action->call.method + " " + yes.action->call.path, "DELETE /v1/connections/1-2?how=graceful");
  type("K");
  EXPECT_THAT(type("r").action->call.path, HasSubstr("how=reset"));
  type("1");
  type("d");
  EXPECT_THAT(text(), HasSubstr("Drain listener api: accept nothing new, end its 1 connections?"));
  EXPECT_EQ(type("y").action->call.path, "/v1/listeners/api/drain");
  type("p");
  EXPECT_FALSE(press(Key::Kind::enter).action) << "y alone means yes";
  type("p");
  EXPECT_EQ(type("y").action->call.path, "/v1/listeners/api/pause");
}

TEST_F(TopScreen, ShowsAllFactsOfWhatIsChosen) {
  type("3");
  EXPECT_TRUE(press(Key::Kind::enter).wish);
  ASSERT_TRUE(screen_.wish().subject);
  EXPECT_EQ(screen_.wish().subject->name, "1-1");
  EXPECT_THAT(text(), HasSubstr("asking the daemon"));
  Snapshot snapshot;
  snapshot.is_whole = true;
  snapshot.at = at_ += 1s;
  snapshot.subject = screen_.wish().subject;
  snapshot.facts = parsed(test::kOpen);
  screen_.take(std::move(snapshot));
  EXPECT_THAT(text(80, 60), AllOf(HasSubstr("Connection 2-1417, inbound"), HasSubstr("first_byte_in")));
  press(Key::Kind::page_down);
  press(Key::Kind::escape);
  EXPECT_FALSE(screen_.wish().subject);
}

TEST_F(TopScreen, LeavesThePictureWhereTheDaemonIsGone) {
  Snapshot lost;
  lost.is_whole = true;
  lost.listeners = {parsed(listener("web", 1, 1))};
  lost.trouble = "cannot reach \x1b[31munix:/x";
  lost.lost_at = WallTime{};
  screen_.take(std::move(lost));

  EXPECT_THAT(text(), AllOf(HasSubstr("no answer since "), HasSubstr("; trying again"), HasSubstr("web"),
                            Not(HasSubstr("\x1b"))));
}

TEST_F(TopScreen, HoldsThePicture) {
  type(" ");
  look({listener("other", 0, 0)});

  EXPECT_THAT(text(), AllOf(HasSubstr("held"), HasSubstr("web"), Not(HasSubstr("other"))));
}

TEST_F(TopScreen, FitsAnyTerminal) {
  look(
      {R"({"name":"x\u001b[2J\n","state":"up"})", R"({"name":")" + std::string(300, 'n') + R"("})", R"({})"});
  for (const std::size_t width : {1U, 20U, 60U, 80U, 200U}) {
    for (const std::size_t height : {1U, 2U, 5U, 24U}) {
      for (const auto* keys : {"1", "2", "3", "4", "?"}) {
        type(keys);
        const auto picture = screen_.picture(width, height);
        EXPECT_EQ(picture.lines.size(), height);
        for (const auto& line : picture.lines) EXPECT_THAT(line, Not(HasSubstr("\x1b")));
      }
      press(Key::Kind::escape);
    }
  }
}

TEST_F(TopScreen, LooksMoreOftenAndLess) {
  EXPECT_EQ(type("+").interval, 500ms);
  EXPECT_EQ(type("-").interval, 1000ms);
  for (int i = 0; i < 10; ++i) type("+");
  EXPECT_EQ(type("+").interval, 200ms);
}

TEST_F(TopScreen, LeavesWithQ) {
  EXPECT_TRUE(type("q").quit);
  type("/");
  EXPECT_FALSE(type("q").quit) << "a letter of the filter";
}

}  // namespace
}  // namespace tcpctl::ctl::top
