// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>

#include "app/key_table.hpp"
#include "app/loader.hpp"
#include "config/config.hpp"
#include "config/value.hpp"

namespace tcpctl {
namespace {

using testing::IsEmpty;

std::string shipped() {
  std::ifstream file{TCPCTL_SOURCE_DIR "/etc/tcpctld.toml"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The text with its examples as a user would take them: "#key" becomes "key", prose ("# text") stays.
std::string with_examples(const std::string& text) {
  std::string lines;
  bool at_begin = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool prose = i + 1 < text.size() && (text[i + 1] == ' ' || text[i + 1] == '\n');
    if (!(at_begin && text[i] == '#' && !prose)) lines += text[i];
    at_begin = text[i] == '\n';
  }
  return lines;
}

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto root = config::parse_toml(text, "tcpctld.toml");
  if (!root) return {root.error().front().text()};
  StatsBook stats{1};
  const auto design = design_of(*root, stats);
  std::vector<std::string> texts;
  if (design) return texts;
  for (const auto& mistake : design.error()) texts.push_back(mistake.text());
  return texts;
}

TEST(ShippedConfig, IsRightAsItStands) { EXPECT_THAT(mistakes_of(shipped()), IsEmpty()); }

TEST(ShippedConfig, IsRightWithEveryExampleTaken) {
  EXPECT_THAT(mistakes_of(with_examples(shipped())), IsEmpty());
}

TEST(ShippedConfig, OpensNothingButTheDialogOnLoopback) {
  const auto config =
      config::build(config::parse_toml(shipped(), "tcpctld.toml").value(), key_table()).value();

  ASSERT_EQ(config.listeners.size(), 1U);
  ASSERT_EQ(config.listeners.at("hello")->listen.size(), 1U);
  EXPECT_TRUE(config.listeners.at("hello")->listen.front().address.is_loopback());
  EXPECT_TRUE(config.clients.empty());
}

TEST(ShippedConfig, EveryKeyHasHelpAndADefaultThatWouldBeAccepted) {
  for (const auto& [path, key] : key_table().entries()) {
    EXPECT_FALSE(key.help.empty()) << path;
    const auto fallback = config::fallback_of(key);
    if (key.list || fallback.as<std::monostate>() != nullptr) continue;
    EXPECT_EQ(config::wrong(fallback, key), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace tcpctl
