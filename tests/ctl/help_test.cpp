// SPDX-License-Identifier: Apache-2.0
#include "ctl/help.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/cli.hpp"
#include "ctl/commands/registry.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl {
namespace {

using ::testing::HasSubstr;

/// The words of `example` after "tcpctl", as a shell would give them, up to a pipe.
std::vector<std::string> words_of(const std::string& example) {
  std::vector<std::string> words;
  bool quoted = false;
  bool open = false;
  for (std::size_t at = example.find("tcpctl") + 6; at < example.size(); ++at) {
    const char c = example[at];
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == '|' && !quoted) {
      break;
    } else if (c == ' ' && !quoted) {
      open = false;
    } else {
      if (!open) words.emplace_back();
      open = true;
      words.back() += c;
    }
  }
  return words;
}

TEST(Help, HasAnExampleForEveryCommandAndEachIsACommandThatWorks) {
  const auto nouns = commands::all();
  for (const auto& noun : nouns) {
    for (const auto& verb : noun.verbs) {
      const auto line = parse_command_line(words_of(verb.example), nouns);
      ASSERT_TRUE(line) << verb.example << ": " << line.error().line;
      EXPECT_EQ(line->noun->name, noun.name) << verb.example;
      EXPECT_EQ(line->verb->name, verb.name) << verb.example;
      EXPECT_THAT(help_text(noun, verb), HasSubstr("\nExample: " + verb.example + "\n"));
    }
  }
}

TEST(Help, NamesEveryNounAndEveryVerb) {
  const auto nouns = commands::all();
  const auto whole = help_text(nouns);
  for (const auto& noun : nouns) {
    EXPECT_THAT(whole, HasSubstr("\n  " + noun.name + " "));
    for (const auto& verb : noun.verbs) EXPECT_THAT(help_text(noun), HasSubstr(verb.name));
  }
}

TEST(Help, NamesEveryOptionOfAVerb) {
  for (const auto& noun : commands::all()) {
    for (const auto& verb : noun.verbs) {
      for (const auto& option : verb.options) EXPECT_THAT(help_text(noun, verb), HasSubstr(option.key()));
    }
  }
}

TEST(Help, GivesNoTwoNounsTheSameName) {
  std::set<std::string> names;
  for (const auto& noun : commands::all()) {
    EXPECT_TRUE(names.insert(noun.name).second) << noun.name;
    for (const auto& alias : noun.aliases) EXPECT_TRUE(names.insert(alias).second) << alias;
  }
}

TEST(Help, IsPrintedWithoutADaemon) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"conn", "--help"}, {"conn", "kill", "--help"}, {"api", "-h"}}) {
    const auto ran = test::tcpctl(words);
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_THAT(ran.out, HasSubstr("Example: tcpctl "));
    EXPECT_EQ(ran.err, "");
  }
}

}  // namespace
}  // namespace tcpctl::ctl
