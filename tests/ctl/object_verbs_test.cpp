// SPDX-License-Identifier: Apache-2.0
// tcpctl listener|client add|set|rm.
#include "ctl/object_verbs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string change(const std::string& outcome, const std::string& keys = "{}", bool dry = false) {
  return R"({"name": "web", "outcome": ")" + outcome + R"(", "dry_run": )" + (dry ? "true" : "false") +
         R"(, "keys": )" + keys + R"(, "config": {"service": "echo"}})";
}

class ObjectVerbs : public ::testing::Test {
 protected:
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  static constexpr const char* kPut = "PUT /v1/listeners/web";
  static constexpr const char* kPatch = "PATCH /v1/listeners/web";
  static constexpr const char* kDelete = "DELETE /v1/listeners/web";
  static constexpr const char* kSave = "POST /v1/config/save";
  static constexpr const char* kSaved =
      R"({"file": "/x/saved.toml", "saved": ["clients.feed", "listeners.web"], "removed": ["listeners.old"],
          "given_back": ["listeners.b"], "unchanged": false, "dry_run": false})";
  FakeDaemon daemon_;
};

TEST_F(ObjectVerbs, AddAListenerAndTellWhereItListens) {
  daemon_.answer(kPut, Canned{201, change("created")});
  daemon_.answer("GET /v1/listeners/web", kWeb);

  const auto ran =
      here({"listener", "add", "web", "--listen", "0.0.0.0:8080", "--listen", "[::]:0", "--service",
            "forward", "--upstream", "10.0.0.1:80", "--max-connections", "10", "forward.connect_timeout=2s"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "listener web created, listening on 0.0.0.0:8080, [::]:40123\n");
  const auto request = daemon_.requests().front();
  EXPECT_THAT(request, HasSubstr("If-None-Match: *\r\n"));
  EXPECT_THAT(request,
              EndsWith(R"({"forward":{"connect_timeout":"2s","upstreams":["10.0.0.1:80"]},)"
                       R"("listen":["0.0.0.0:8080","[::]:0"],"max_connections":10,"service":"forward"})"));
}

TEST_F(ObjectVerbs, AddAClient) {
  daemon_.answer("PUT /v1/clients/feed",
                 Canned{201, R"({"name": "feed", "outcome": "created", "dry_run": false,
    "keys": {}, "config": {}})"});
  daemon_.answer("GET /v1/clients/feed", kFeed);

  EXPECT_EQ(here({"client", "add", "feed", "--connect", "feed.example:7000", "--mode", "keep"}).out,
            "client feed created, connects to feed.example:7000\n");
  EXPECT_THAT(daemon_.requests().front(), EndsWith(R"({"connect":"feed.example:7000","mode":"keep"})"));
}

TEST_F(ObjectVerbs, AddWhatAFileOrStdinDeclares) {
  daemon_.answer(kPut, Canned{201, change("created")});

  const auto ran = here({"listener", "add", "-f", "-", "backlog=7"},
                        {.stdin_text = "[listeners.web]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n"});

  EXPECT_EQ(ran.exit, Exit::done) << ran.err;
  EXPECT_THAT(daemon_.requests().front(),
              EndsWith(R"({"backlog":7,"listen":"127.0.0.1:0","service":"echo"})"));
}

TEST_F(ObjectVerbs, AddNothingWithoutAName) {
  EXPECT_EQ(here({"listener", "add"}).exit, Exit::usage);
  EXPECT_EQ(here({"listener", "add", "service=echo"}).exit, Exit::usage);
  EXPECT_EQ(here({"listener", "add", "-f", "-"}, {.stdin_text = "service = 'echo'\n"}).exit, Exit::usage);
  const auto other = here({"listener", "add", "a", "-f", "-"}, {.stdin_text = "[listeners.b]\n"});
  EXPECT_EQ(other.exit, Exit::usage);
  EXPECT_THAT(other.err, HasSubstr("the file declares 'b', not 'a'"));
  EXPECT_EQ(here({"listener", "add", "a", "-f", "/nonexistent"}).exit, Exit::failed);
  EXPECT_EQ(here({"listener", "add", "a", "backlog="}).exit, Exit::usage);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(ObjectVerbs, AddNoNameASecondTimeUnlessItIsToBeReplaced) {
  daemon_.answer(kPut, problem(412, "listener 'web' exists already; nothing was changed"));

  const auto ran = here({"listener", "add", "web", "--service", "echo"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(
      ran.err,
      "tcpctl: listener web exists already; change it with 'tcpctl listener set', or write --replace\n");
  daemon_.answer(kPut, change("changed", R"({"service": "new_connections"})"));
  EXPECT_EQ(here({"listener", "add", "web", "--service", "echo", "--replace"}).out,
            "listener web changed; service: new connections\n");
  EXPECT_THAT(daemon_.last(), Not(HasSubstr("If-None-Match")));
}

TEST_F(ObjectVerbs, SetKeysAndTellFromWhenOnTheyHold) {
  daemon_.answer(kPatch, change("changed", R"({"idle_timeout": "now", "backlog": "new_connections",
                                               "listen": "rebind", "x": "restart"})"));

  const auto ran = here({"listener", "set", "web", "idle_timeout=5m", "backlog=", "--unset", "deny",
                         "--unset", "keepalive.idle", "--listen", "127.0.0.1:80"});

  EXPECT_EQ(ran.out,
            "listener web changed; idle_timeout: now, backlog: new connections, listen: re-bind, x: after a "
            "restart\n");
  EXPECT_THAT(daemon_.last(), EndsWith(R"({"backlog":null,"deny":null,"idle_timeout":"5m",)"
                                       R"("keepalive":{"idle":null},"listen":["127.0.0.1:80"]})"));
  EXPECT_THAT(daemon_.last(), Not(HasSubstr("If-None-Match")));
}

TEST_F(ObjectVerbs, SetNothingThatIsNotSaid) {
  const auto ran = here({"listener", "set", "web"});

  EXPECT_EQ(ran.exit, Exit::usage);
  EXPECT_THAT(ran.err, HasSubstr("write KEY=VALUE"));
  EXPECT_EQ(here({"listener", "set", "web", "idle_timeout"}).exit, Exit::usage);
  EXPECT_THAT(here({"listener", "set", "web", "--idle-timout", "5m"}).err,
              HasSubstr("did you mean '--idle-timeout'?"));
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(ObjectVerbs, SayWhereNothingChanges) {
  daemon_.answer(kPatch, change("unchanged"));
  daemon_.answer(std::string{kPatch} + "?dry_run=true", change("unchanged", "{}", true));

  EXPECT_EQ(here({"listener", "set", "web", "backlog=1"}).out, "listener web unchanged\n");
  EXPECT_EQ(here({"listener", "set", "web", "backlog=1", "--dry-run"}).out,
            "listener web would stay as it is\n");
}

TEST_F(ObjectVerbs, OnlyTellInADryRun) {
  daemon_.answer(std::string{kPut} + "?dry_run=true", change("created", "{}", true));
  daemon_.answer(std::string{kPatch} + "?dry_run=true",
                 change("changed", R"({"backlog": "new_connections"})", true));
  daemon_.answer(std::string{kDelete} + "?dry_run=true", change("removed", "{}", true));

  EXPECT_EQ(here({"listener", "add", "web", "--dry-run", "--save"}).out, "listener web would be created\n");
  EXPECT_EQ(here({"listener", "set", "web", "backlog=1", "--dry-run"}).out,
            "listener web would be changed; backlog: new connections\n");
  EXPECT_EQ(here({"listener", "rm", "web", "--dry-run"}).out, "listener web would be removed\n");
  EXPECT_EQ(daemon_.asked().size(), 3U) << "nothing is saved, and nobody asked";
}

TEST_F(ObjectVerbs, PrintTheDaemonsAnswerAsJson) {
  daemon_.answer(kPatch, change("unchanged"));

  const auto json = Json::parse(here({"listener", "set", "web", "backlog=1", "-o", "json"}).out);

  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("outcome"), "unchanged");
}

TEST_F(ObjectVerbs, TellEachMistakeWithWhatBroughtIt) {
  daemon_.answer(kPatch, problem(400, "idle_timeout: x", R"(, "errors": [
      {"pointer": "/idle_timeout", "detail": "idle_timeout: expected a duration"},
      {"pointer": "/backlg", "detail": "unknown key 'backlg'; did you mean 'backlog'?"}])"));

  const auto ran = here({"listener", "set", "web", "--idle-timeout", "x", "backlg=1"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(ran.err,
            "tcpctl: --idle-timeout: expected a duration\n"
            "tcpctl: unknown key 'backlg'; did you mean 'backlog'?\n");
}

TEST_F(ObjectVerbs, TellWhichOptionIsMissing) {
  daemon_.answer(kPut, problem(400, "x", R"(, "errors": [
      {"pointer": "", "detail": "listen is missing; write listen = \"127.0.0.1:7000\""},
      {"pointer": "", "detail": "forward.x is missing, expected a text"}])"));

  EXPECT_EQ(here({"listener", "add", "web"}).err,
            "tcpctl: --listen is missing; write --listen 127.0.0.1:7000\n"
            "tcpctl: forward.x is missing, expected a text\n");
  EXPECT_THAT(here({"listener", "add", "web", "-f", "-"}, {.stdin_text = "backlog = 1\n"}).err,
              HasSubstr("<stdin>:1:1: listen is missing; write listen = "));
}

TEST_F(ObjectVerbs, FailAsTheDaemonSays) {
  daemon_.answer(kPatch, problem(404, "no listener 'web'"));
  const auto none = here({"listener", "set", "web", "backlog=1"});
  EXPECT_EQ(none.exit, Exit::not_found);
  EXPECT_EQ(none.err, "tcpctl: no listener 'web'; 'tcpctl listener' lists them\n");
  daemon_.answer(kPatch, problem(403, "the role operate is too weak"));
  EXPECT_EQ(here({"listener", "set", "web", "backlog=1"}).exit, Exit::not_allowed);
  daemon_.answer(kPatch, problem(409, "127.0.0.1:80: address in use"));
  EXPECT_EQ(here({"listener", "set", "web", "backlog=1"}).exit, Exit::failed);
  EXPECT_EQ(tcpctl({"--host", "unix:/nonexistent", "listener", "set", "web", "backlog=1"}).exit,
            Exit::unreachable);
}

TEST_F(ObjectVerbs, SaveAfterwards) {
  daemon_.answer(kPatch, change("unchanged"));
  daemon_.answer(kSave, std::string{kSaved});

  EXPECT_EQ(here({"listener", "set", "web", "backlog=1", "--save"}).out,
            "listener web unchanged\nsaved in /x/saved.toml: clients.feed, listeners.web; removed "
            "listeners.old; gave listeners.b back to the other files\n");
  EXPECT_THAT(daemon_.asked(), ElementsAre(kPatch, kSave));
  daemon_.answer(kSave, std::string{R"({"file": "/x/saved.toml", "saved": [], "unchanged": true})"});
  EXPECT_EQ(here({"listener", "set", "web", "backlog=1", "--save"}).out,
            "listener web unchanged\nnothing to save: a restart brings what runs\n");
}

TEST_F(ObjectVerbs, PutWhatWasSavedIntoTheOneDocumentOfJson) {
  daemon_.answer(kPatch, change("changed"));
  daemon_.answer(kDelete, change("removed"));
  daemon_.answer(kSave, std::string{kSaved});

  const auto set = Json::parse(here({"listener", "set", "web", "backlog=1", "--save", "-o", "json"}).out);
  const auto rm = Json::parse(here({"listener", "rm", "web", "none", "--yes", "--save", "-o", "json"}).out);

  ASSERT_TRUE(set && rm);
  EXPECT_EQ(set->text("outcome"), "changed");
  EXPECT_EQ(set->text("save.file"), "/x/saved.toml");
  EXPECT_EQ(rm->items("items").size(), 1U);
  EXPECT_EQ(rm->text("save.file"), "/x/saved.toml");
}

TEST_F(ObjectVerbs, TellTheMistakesOfFilesThatKeptItFromBeingSaved) {
  daemon_.answer(kPatch, change("changed"));
  daemon_.answer(kSave, problem(409, "the files have mistakes",
                                R"(, "errors": [{"pointer": "", "detail": "a.toml:1:1: bad"}])"));

  const auto ran = here({"listener", "set", "web", "backlog=1", "--save", "-o", "json"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(ran.err, "a.toml:1:1: bad\ntcpctl: it holds, but was not saved: the files have mistakes\n");
  const auto json = Json::parse(ran.out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("outcome"), "changed");
  EXPECT_TRUE(json->at("save").is_null());
}

TEST_F(ObjectVerbs, SayThatTheChangeHoldsWhereSavingFails) {
  daemon_.answer(kPatch, change("unchanged"));
  daemon_.answer("POST /v1/config/save", problem(500, "read-only file system"));

  const auto ran = here({"listener", "set", "web", "backlog=1", "--save"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr("it holds, but was not saved: read-only file system"));
}

TEST_F(ObjectVerbs, RemoveAnIdleOneWithoutAQuestion) {
  daemon_.answer("GET /v1/listeners/web", kHello);
  daemon_.answer(kDelete, change("removed"));

  const auto ran = here({"listener", "rm", "web"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "listener web removed\n");
}

TEST_F(ObjectVerbs, RemoveTheOneWithConnectionsThatAScriptNames) {
  daemon_.answer("GET /v1/listeners/web", kWeb);
  daemon_.answer(kDelete, change("removed"));

  EXPECT_EQ(here({"listener", "rm", "web"}).out, "listener web removed\n");
}

TEST_F(ObjectVerbs, RemoveOneWithConnectionsAtATerminalOnlyIfTheUserSaysYes) {
  daemon_.answer("GET /v1/listeners/web", kWeb);
  daemon_.answer(std::string{kDelete} + "?drain=30s", change("removed"));

  for (const std::string answer : {"\n", "n\n", "yikes\n", ""}) {
    const auto no = here({"listener", "rm", "web", "--drain", "30s"}, {.typed = answer});
    EXPECT_EQ(no.exit, Exit::failed) << answer;
    EXPECT_THAT(no.err, HasSubstr("to be ended within 30s; remove it? [y/N] "));
  }
  EXPECT_THAT(daemon_.asked(), Not(::testing::Contains(HasSubstr("DELETE"))));

  EXPECT_EQ(here({"listener", "rm", "web", "--drain", "30s"}, {.typed = "YES\n"}).exit, Exit::done);
  EXPECT_EQ(here({"listener", "rm", "web", "--drain", "30s", "--yes"}).out, "listener web removed\n");
}

TEST_F(ObjectVerbs, RemoveSeveralAndTheOthersWhereOneIsMissing) {
  daemon_.answer(kDelete, change("removed"));
  daemon_.answer("DELETE /v1/listeners/none", problem(404, "no listener 'none'"));

  const auto nobody = here({"listener", "rm", "none", "web"});
  EXPECT_EQ(nobody.exit, Exit::usage);
  EXPECT_THAT(nobody.err, HasSubstr("2 listeners are to be removed"));
  const auto ran = here({"listener", "rm", "none", "web"}, {.typed = "y\n"});

  EXPECT_EQ(ran.exit, Exit::not_found);
  EXPECT_THAT(ran.err, HasSubstr("remove none, web? [y/N] "));
  EXPECT_EQ(ran.out, "listener web removed\n");
}

TEST_F(ObjectVerbs, RemoveSeveralWithOneDocumentOfJson) {
  daemon_.answer(kDelete, change("removed"));
  daemon_.answer("DELETE /v1/listeners/b", change("removed"));

  const auto both = Json::parse(here({"listener", "rm", "web", "b", "--yes", "-o", "json"}).out);
  const auto one = Json::parse(here({"listener", "rm", "web", "-o", "json"}).out);

  ASSERT_TRUE(both && one);
  EXPECT_EQ(both->items("items").size(), 2U);
  EXPECT_EQ(both->items("items").back().text("outcome"), "removed");
  EXPECT_EQ(one->text("outcome"), "removed");
}

TEST_F(ObjectVerbs, RemoveNothingThatIsNotThere) {
  EXPECT_EQ(here({"listener", "rm", "web"}).exit, Exit::not_found);
  EXPECT_EQ(here({"listener", "rm"}).exit, Exit::usage);
  EXPECT_EQ(here({"listener", "rm", "web", "--drain", "soon"}).exit, Exit::usage);
  EXPECT_EQ(here({"client", "rm", "feed", "--drain", "1s"}).exit, Exit::usage) << "only a listener drains";
}

}  // namespace
}  // namespace tcpctl::ctl::test
