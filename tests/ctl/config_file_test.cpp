// SPDX-License-Identifier: Apache-2.0
// tcpctl config.
#include "ctl/config_file.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kToml =
    "[listeners.web]\nlisten = [\n  \"127.0.0.1:80\",\n  \"nonsense\",\n]\nservice = \"echo\"\n";

TEST(ConfigFile, MakesJsonOfToml) {
  const ConfigFile file{"a.toml", kToml};

  EXPECT_THAT(file.mistakes(), IsEmpty());
  const auto json = Json::parse(file.json());
  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("listeners.web.service"), "echo");
  EXPECT_EQ(json->items("listeners.web.listen").size(), 2U);
}

TEST(ConfigFile, FindsTheLineOfAPointer) {
  const ConfigFile file{"a.toml", kToml};

  EXPECT_EQ(file.place("/listeners/web/listen/1"), "a.toml:4:3");
  EXPECT_EQ(file.place("/listeners/web/listen"), "a.toml:2:10");
  EXPECT_EQ(file.place("/listeners/web/listen", true), "a.toml:2:1");
  EXPECT_THAT(file.place("/listeners/web/missing"), HasSubstr("a.toml:1:"));
  EXPECT_THAT(file.place("/listeners/web/listen/99"), HasSubstr("a.toml:2:"));
}

TEST(ConfigFile, NamesThePointerWhereThereAreNoLines) {
  const ConfigFile file{"a.json", R"({"listeners": {}})"};

  EXPECT_EQ(file.place("/listeners/web"), "a.json: /listeners/web");
  EXPECT_EQ(file.place(""), "a.json");
}

TEST(ConfigFile, TellsTheMistakesOfTheSyntax) {
  EXPECT_THAT((ConfigFile{"a.toml", "a = \n"}.mistakes()), ElementsAre(HasSubstr("a.toml:1:")));
  EXPECT_THAT((ConfigFile{"a.json", "{"}.mistakes()), ElementsAre("a.json:1:2: that is no JSON"));
  EXPECT_THAT((ConfigFile{"a", "{\"a\": 1,\n  \"b\": x}"}.mistakes()), ElementsAre("a:2:8: that is no JSON"));
  EXPECT_THAT((ConfigFile{"a", "{\"a\": 1e999}"}.mistakes()), ElementsAre("a: that is no JSON"));
  EXPECT_THAT((ConfigFile{"a", std::string(200, '{')}.mistakes()),
              ElementsAre("a: the JSON is nested too deeply"));
}

class ConfigFileCommand : public ::testing::Test {
 protected:
  ConfigFileCommand() {
    std::string folder = std::filesystem::temp_directory_path() / "tcpctl-config-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    path_ = folder_ + "/a.toml";
    std::ofstream{path_} << kToml;
  }
  ~ConfigFileCommand() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
  std::string folder_, path_;
};

TEST_F(ConfigFileCommand, IsContentWithAFileWithoutMistakes) {
  daemon_.answer("POST /v1/config/check", std::string{R"({"ok": true, "errors": []})"});

  const auto ran = here({"config", "check", path_});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, path_ + ": no mistakes\n");
  EXPECT_THAT(daemon_.last(), HasSubstr(R"("service":"echo")"));
}

TEST_F(ConfigFileCommand, TellsEveryMistakeAtItsLine) {
  daemon_.answer("POST /v1/config/check",
                 problem(400, "the configuration has mistakes",
                         R"(, "errors": [{"pointer": "/listeners/web/listen/1", "detail": "port missing"},
                             {"pointer": "/listeners/web/service", "detail": "unknown"}])"));

  const auto ran = here({"config", "check", path_});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, path_ + ":4:3: port missing\n" + path_ + ":6:11: unknown\n");
}

TEST_F(ConfigFileCommand, AsksNobodyAboutAFileThatIsNoToml) {
  std::ofstream{path_} << "= =\n";

  EXPECT_EQ(here({"config", "check", path_}).exit, Exit::failed);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(ConfigFileCommand, ChecksJsonOfStdin) {
  daemon_.answer("POST /v1/config/check", std::string{R"({"ok": true, "errors": []})"});

  EXPECT_EQ(here({"config", "check", "-"}, {.stdin_text = "{}"}).exit, Exit::done);
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\n\r\n{}"));
}

TEST_F(ConfigFileCommand, TellsWhatAReloadChangedAndFromWhenOn) {
  daemon_.answer(
      "POST /v1/config/reload",
      std::string{
          R"({"at": "2026-11-22T13:00:00Z", "ok": true, "errors": [], "added": ["listeners.a", "listeners.b"],
                     "changed": [{"name": "listeners.web", "keys": {"idle_timeout": "new_connections", "listen": "rebind"}}],
                     "removed": [], "kept": ["clients.feed"], "failed": []})"});

  EXPECT_EQ(here({"config", "reload"}).out,
            "Reloaded\n"
            "  added    listeners.a, listeners.b\n"
            "  changed  listeners.web: idle_timeout (for new connections), listen (now, its sockets are made "
            "anew)\n"
            "  removed  none\n"
            "  kept     clients.feed\n"
            "  failed   none\n");
}

TEST_F(ConfigFileCommand, TellsEveryMistakeThatKeptAReloadFromHappening) {
  daemon_.answer(
      "POST /v1/config/reload",
      problem(
          409, "the files have mistakes; the running configuration stays",
          R"(, "errors": [{"pointer": "", "detail": "a.toml:1:1: x"}, {"pointer": "", "detail": "a.toml:2:1: y"}])"));

  const auto ran = here({"config", "reload"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(
      ran.err,
      "a.toml:1:1: x\na.toml:2:1: y\ntcpctl: the files have mistakes; the running configuration stays\n");
}

TEST_F(ConfigFileCommand, TellsOfEachConflictWhatHoldsAndWhatToDo) {
  daemon_.answer(
      "POST /v1/config/reload?force=true",
      std::string{
          R"({"ok": true, "errors": [], "added": [], "changed": [], "removed": [], "kept": [], "failed": [], "conflicts": [
              {"name": "listeners.a", "file": "t.toml:1:12", "at_run_time": "changed", "wins": "runtime"},
              {"name": "listeners.b", "file": "t.toml:2:12", "at_run_time": "removed", "wins": "saved"},
              {"name": "clients.c", "file": "t.toml:3:12", "at_run_time": "changed", "wins": "file"}]})"});

  EXPECT_THAT(
      here({"config", "reload", "--force"}).out,
      EndsWith(
          "conflict: listeners.a, declared at t.toml:1:12, was changed at run time; that stays; 'tcpctl "
          "config "
          "save' keeps it over a restart, 'tcpctl config reload --force' takes the file's\n"
          "conflict: listeners.b, declared at t.toml:2:12, was removed at run time; saved.toml holds; "
          "'tcpctl "
          "config reload --force' takes the file's\n"
          "conflict: clients.c, declared at t.toml:3:12, was changed at run time; the file's holds now; if "
          "that had been saved, 'tcpctl config save' takes it out of saved.toml\n"));
}

TEST_F(ConfigFileCommand, PrintsTheRunningConfiguration) {
  daemon_.answer("GET /v1/config", {200, "[daemon]\nname = \"\u009b\u202e\"\n", "application/toml"});

  EXPECT_EQ(here({"config"}).out, "[daemon]\nname = \"\\u009B\\u202E\"\n");
  EXPECT_THAT(daemon_.last(), HasSubstr("Accept: application/toml\r\n"));
}

TEST_F(ConfigFileCommand, PrintsTheRunningConfigurationAsJson) {
  daemon_.answer("GET /v1/config", std::string{R"({"daemon": {"workers": 2}})"});

  EXPECT_EQ(here({"-o", "json", "config", "show"}).out, "{\n  \"daemon\": {\n    \"workers\": 2\n  }\n}\n");
  EXPECT_EQ(here({"-o", "csv", "config", "show"}).exit, Exit::usage);
  EXPECT_THAT(here({"config", "show"}).err, HasSubstr("answers no TOML"));
}

TEST_F(ConfigFileCommand, ExportsBytesAsTheyAre) {
  daemon_.answer("GET /v1/config?secrets=true", {200, "a = \"\u009b\"\n", "application/toml"});
  daemon_.answer("GET /v1/config?secrets=false", {200, "a = \"<redacted>\"\n", "application/toml"});

  const auto with = here({"config", "export", "--secrets"});
  const auto without = here({"config", "export"});

  EXPECT_EQ(with.out, "a = \"\u009b\"\n");
  EXPECT_EQ(with.err, "");
  EXPECT_EQ(without.out, "a = \"<redacted>\"\n");
  EXPECT_THAT(without.err, HasSubstr("--secrets"));
}

TEST_F(ConfigFileCommand, SavesAndTellsWhatAndWhere) {
  const std::string saved =
      R"({"file": "/s/saved.toml", "saved": ["listeners.a", "clients.b"], "removed": ["clients.c"], "given_back": [])";
  daemon_.answer("POST /v1/config/save", saved + R"(, "unchanged": false, "dry_run": false})");
  daemon_.answer("POST /v1/config/save?dry_run=true", saved + R"(, "unchanged": false, "dry_run": true})");

  EXPECT_EQ(here({"config", "save"}).out,
            "Saved in /s/saved.toml\n"
            "  saved       listeners.a, clients.b\n"
            "  removed     clients.c\n"
            "  given back  none\n");
  EXPECT_THAT(here({"config", "save", "--dry-run"}).out, StartsWith("Would be saved in /s/saved.toml\n"));
}

TEST_F(ConfigFileCommand, SaysWhenThereIsNothingToSave) {
  daemon_.answer("POST /v1/config/save", std::string{R"({"file": "/s", "unchanged": true})"});

  EXPECT_EQ(here({"config", "save"}).out, "nothing to save: a restart brings what runs\n");
}

TEST_F(ConfigFileCommand, TellsEveryMistakeThatKeptASaveFromHappening) {
  daemon_.answer("POST /v1/config/save",
                 problem(409, "the files have mistakes; nothing was saved",
                         R"(, "errors": [{"pointer": "", "detail": "a.toml:1:1: x"}])"));

  const auto refused = here({"config", "save"});

  EXPECT_EQ(refused.exit, Exit::failed);
  EXPECT_EQ(refused.err, "a.toml:1:1: x\ntcpctl: the files have mistakes; nothing was saved\n");
}

TEST_F(ConfigFileCommand, ShowsTheDifferenceFromTheFiles) {
  daemon_.answer(
      "GET /v1/config/diff",
      std::string{
          R"({"same": false, "added": ["listeners.new"], "removed": ["clients.old"], "errors": [], "changed": [
              {"name": "listeners.web", "keys": {"idle_timeout": {"running": null, "files": "5m"},
                                                 "keepalive.idle": {"running": "9s", "files": "8s"}}}]})"});

  EXPECT_EQ(here({"config", "diff"}).out,
            "--- files\n"
            "+++ running\n"
            "- clients.old\n"
            "+ listeners.new\n"
            "  listeners.web\n"
            "-   idle_timeout = \"5m\"\n"
            "+   idle_timeout = (default)\n"
            "-   keepalive.idle = \"8s\"\n"
            "+   keepalive.idle = \"9s\"\n");
  EXPECT_EQ(here({"config", "diff"}).exit, Exit::done);
  EXPECT_EQ(here({"config", "diff", "--exit-code"}).exit, Exit::failed);
}

TEST_F(ConfigFileCommand, NoDifferenceIsSaid) {
  daemon_.answer("GET /v1/config/diff", std::string{R"({"same": true, "errors": []})"});

  const auto ran = here({"config", "diff", "--exit-code"});

  EXPECT_EQ(ran.out, "what runs and the files are the same\n");
  EXPECT_EQ(ran.exit, Exit::done);
}

TEST_F(ConfigFileCommand, WhatSavedTomlOverrulesIsToldBesideTheDifference) {
  daemon_.answer("GET /v1/config/diff", std::string{R"({"same": true, "errors": [], "conflicts": [
              {"name": "listeners.b", "file": "t.toml:2:12", "at_run_time": "changed", "wins": "saved"}]})"});

  const auto ran = here({"config", "diff", "--exit-code"});

  EXPECT_EQ(ran.out,
            "what runs and the files are the same\n"
            "conflict: listeners.b, declared at t.toml:2:12, was changed at run time; saved.toml holds; "
            "'tcpctl config "
            "reload --force' takes the file's\n");
  EXPECT_EQ(ran.exit, Exit::done);
}

TEST_F(ConfigFileCommand, FilesWithMistakesAreNoDifference) {
  daemon_.answer("GET /v1/config/diff", std::string{R"({"same": false, "errors": ["a.toml:1:1: x"]})"});

  const auto ran = here({"config", "diff"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_EQ(ran.err, "a.toml:1:1: x\ntcpctl: the files have mistakes; there is nothing to compare with\n");
}

}  // namespace
}  // namespace tcpctl::ctl::test
