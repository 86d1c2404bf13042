// SPDX-License-Identifier: Apache-2.0
// tcpctl config: check and reload.
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
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  EXPECT_THAT((ConfigFile{"a.json", "{"}.mistakes()), ElementsAre("a.json: that is no JSON"));
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

TEST_F(ConfigFileCommand, PrintsTheRunningConfiguration) {
  daemon_.answer("GET /v1/config", std::string{R"({"daemon": {"workers": 2}})"});

  EXPECT_EQ(here({"config"}).out, "{\n  \"daemon\": {\n    \"workers\": 2\n  }\n}\n");
}

}  // namespace
}  // namespace tcpctl::ctl::test
