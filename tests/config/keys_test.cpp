// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <gmock/gmock.h>

#include "config/value.hpp"

namespace tcpctl::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Keys, EachHasALineOfHelpWithoutFullStop) {
  for (const auto& key : core_keys()) {
    EXPECT_FALSE(key.help.empty()) << key.path;
    EXPECT_FALSE(key.help.ends_with('.')) << key.path;
    EXPECT_EQ(key.help.find('\n'), std::string_view::npos) << key.path;
  }
}

TEST(Keys, EachDefaultWouldBeAcceptedIfItWereWritten) {
  for (const auto& key : core_keys()) {
    const auto fallback = fallback_of(key);
    if (const auto* list = fallback.as<Node::List>()) {
      for (const auto& element : *list) EXPECT_EQ(wrong(element, key), std::nullopt) << key.path;
    } else if (fallback.as<std::monostate>() == nullptr) {
      EXPECT_EQ(wrong(fallback, key), std::nullopt) << key.path;
    }
  }
}

TEST(Keys, EachChoiceHasChoices) {
  for (const auto& key : core_keys()) {
    EXPECT_EQ(key.type == KeyType::choice, !key.choices.empty()) << key.path;
  }
}

TEST(Keys, PrintsALineForEach) {
  const auto text = print_keys(test::all_keys());
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));

  EXPECT_EQ(lines, test::all_keys().entries().size() + 1);
  EXPECT_THAT(text, StartsWith("KEY "));
  EXPECT_THAT(text, testing::ContainsRegex("daemon.workers +integer +- +0 +0 .. 256 +Event loops"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        R"(listeners.\*.listen +list of listen address +- +\(required\) +- +Where)"));
  EXPECT_THAT(text,
              testing::ContainsRegex(R"(\.close_timeout +duration +ns us ms s m h d +5s +1ms \.\. 1d +How)"));
}

}  // namespace
}  // namespace tcpctl::config
