// SPDX-License-Identifier: Apache-2.0
#include "ctl/object_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

using ::testing::HasSubstr;

class ObjectConfigTest : public ::testing::Test {
 protected:
  /// The JSON of `words`, or what is wrong with them.
  static std::string of_words(const std::vector<std::string>& words) {
    ObjectConfig config{listener_kind()};
    for (const auto& word : words) {
      if (const auto taken = config.take_word(word); !taken) return taken.error().line;
    }
    return config.json();
  }
  static std::string of_file(const std::string& text, const std::string& file = "a.toml") {
    ObjectConfig config{listener_kind()};
    if (const auto taken = config.take_file(file, text); !taken) return taken.error().line;
    return config.name() + config.json();
  }
  static const KeyOption& option(const std::string& name) {
    for (const auto& each : listener_kind().keys) {
      if (each.option == name) return each;
    }
    throw std::out_of_range{name};
  }
};

TEST_F(ObjectConfigTest, TakesAValueAsTomlAndABareWordAsText) {
  for (const auto& [word, json] : std::vector<std::pair<std::string, std::string>>{
           {"idle_timeout=5m", R"({"idle_timeout":"5m"})"},
           {"max_connections=10", R"({"max_connections":10})"},
           {"max_connections='10'", R"({"max_connections":"10"})"},
           {"forward.half_close=false", R"({"forward":{"half_close":false}})"},
           {"allow=['10.0.0.0/8', \"::1/128\"]", R"({"allow":["10.0.0.0/8","::1/128"]})"},
           {"keepalive={idle='5s'}", R"({"keepalive":{"idle":"5s"}})"},
           {"listen=[::1]:80", R"({"listen":"[::1]:80"})"},
           {"listen=[fe80::1%eth0]:80", R"({"listen":"[fe80::1%eth0]:80"})"},
           {"x=2026-11-22", R"({"x":"2026-11-22"})"},
           {"x=nan", R"({"x":"nan"})"},
           {"x=a=b", R"({"x":"a=b"})"},
           {"x=1\ny=2", R"({"x":"1\ny=2"})"},
           {"x.'a.b'.c=1", R"({"x":{"a.b":{"c":1}}})"},
           {"\"a=b\"=1", R"({"a=b":1})"}}) {
    EXPECT_EQ(of_words({word}), json) << word;
  }
}

TEST_F(ObjectConfigTest, PutsKeysOfOneTableTogether) {
  EXPECT_EQ(of_words({"keepalive.idle=5s", "keepalive.probes=3", "backlog="}),
            R"({"backlog":null,"keepalive":{"idle":"5s","probes":3}})");
}

TEST_F(ObjectConfigTest, SaysWhatIsNoKeyAndNoValue) {
  EXPECT_THAT(of_words({"idle_timeout"}), HasSubstr("'idle_timeout' is no KEY=VALUE"));
  EXPECT_THAT(of_words({"=1"}), HasSubstr("'' is no key"));
  EXPECT_THAT(of_words({"a b=1"}), HasSubstr("'a b' is no key"));
  EXPECT_THAT(of_words({"a#=1"}), HasSubstr("'a#' is no key"));
  EXPECT_THAT(of_words({"[a]\nb=1"}), HasSubstr("is no key"));
  EXPECT_THAT(of_words({"upstreams[0].weight=1"}), HasSubstr("is no key"));
  EXPECT_THAT(of_words({"allow=['a'"}), HasSubstr("allow: '['a'' is no TOML"));
  EXPECT_THAT(of_words({"x={a"}), HasSubstr("is no TOML"));
  EXPECT_THAT(of_words({"x=\xff"}), HasSubstr("is no UTF-8"));
}

TEST_F(ObjectConfigTest, RefusesAKeyThatIsGivenTwice) {
  EXPECT_THAT(of_words({"listen=a", "listen=b"}), HasSubstr("listen is given twice; a list is written"));
  EXPECT_THAT(of_words({"keepalive={}", "keepalive.idle=5s"}), HasSubstr("keepalive.idle is given twice"));
  EXPECT_THAT(of_words({"keepalive.idle=5s", "keepalive="}), HasSubstr("keepalive is given twice"));
}

TEST_F(ObjectConfigTest, TakesTheTableOfTheObjectOrAFileWithThatAlone) {
  EXPECT_EQ(of_file("service = 'echo'\n"), R"({"service":"echo"})");
  EXPECT_EQ(of_file("[listeners.web]\nservice = 'echo'\n"), R"(web{"service":"echo"})");
  EXPECT_EQ(of_file(R"( {"listeners": {"web": {"service": "echo"}}})", "-"), R"(web{"service":"echo"})");
  EXPECT_EQ(of_file(R"({"service": "echo"})", "a.json"), R"({"service":"echo"})");
  EXPECT_EQ(of_file("service = 'echo'\n", "-"), R"({"service":"echo"})");
}

TEST_F(ObjectConfigTest, RefusesAFileWithSomethingElse) {
  for (const auto* text : {"[listeners.a]\n[listeners.b]\n", "[clients.a]\n", "[daemon]\n[listeners.a]\n",
                           "listeners = 1\n", "listeners = {}\n"}) {
    EXPECT_THAT(of_file(text), HasSubstr("a.toml: declares something else than one listener")) << text;
  }
  EXPECT_THAT(of_file("listeners.a = 1\n"), HasSubstr("a.toml: is no table of a listener"));
  EXPECT_THAT(of_file("[1]", "a.json"), HasSubstr("a.json: is no table of a listener"));
  EXPECT_THAT(of_file("= 1\n"), HasSubstr("a.toml:1:1: "));
  EXPECT_THAT(of_file(R"({"a": 1, "a": 2})", "a.json"), HasSubstr("a.json: the key 'a' is there twice"));
}

TEST_F(ObjectConfigTest, LetsTheCommandLineWinOverTheFile) {
  ObjectConfig config{listener_kind()};
  ASSERT_TRUE(config.take_file("a.toml", "listen = ['a', 'b']\nforward = 1\n"));
  ASSERT_TRUE(config.take_option(option("--listen"), {"c"}));
  ASSERT_TRUE(config.take_word("forward.retries=1"));

  EXPECT_EQ(config.json(), R"({"forward":{"retries":1},"listen":["c"]})");
}

TEST_F(ObjectConfigTest, LeadsAMistakeBackToTheLineTheOptionOrTheWord) {
  ObjectConfig config{listener_kind()};
  ASSERT_TRUE(config.take_file("a.toml", "[listeners.web]\nlisten = [\n  'x',\n]\n"));
  ASSERT_TRUE(config.take_option(option("--idle-timeout"), {"soon"}));
  ASSERT_TRUE(config.take_option(option("--allow"), {"10.0.0.0/8", "y"}));
  ASSERT_TRUE(config.take_word("keepalive.idle=z"));

  EXPECT_EQ(config.mistake("/listen/0", "listen[0]: port missing"), "a.toml:3:3: listen[0]: port missing");
  EXPECT_EQ(config.mistake("/listen", "unknown key 'listen'"), "a.toml:2:1: unknown key 'listen'");
  EXPECT_THAT(config.mistake("", "'service' is missing"), HasSubstr("a.toml:1:"));
  EXPECT_EQ(config.mistake("/idle_timeout", "idle_timeout: expected a duration"),
            "tcpctl: --idle-timeout: expected a duration");
  EXPECT_EQ(config.mistake("/allow/1", "allow[1]: no network"), "tcpctl: --allow[1]: no network");
  EXPECT_EQ(config.mistake("/idle_timeout", "another sentence"), "tcpctl: --idle-timeout: another sentence");
  EXPECT_EQ(config.mistake("/keepalive/idle", "keepalive.idle: expected a duration"),
            "tcpctl: keepalive.idle: expected a duration");
}

}  // namespace
}  // namespace tcpctl::ctl
