// SPDX-License-Identifier: Apache-2.0
#include "services/registry.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

TEST(Registry, ListsTheServicesInItsOrder) {
  std::vector<std::string_view> names;
  for (const auto& kind : services()) names.push_back(kind.name);

  EXPECT_THAT(names, testing::ElementsAre("echo", "discard", "chargen", "daytime", "time", "dialog", "script",
                                          "forward"));
}

TEST(Registry, FindsAServiceByItsName) {
  ASSERT_NE(find_service("chargen"), nullptr);
  EXPECT_EQ(find_service("chargen")->name, "chargen");
}

TEST(Registry, FindsNothingUnderAnotherSpelling) {
  EXPECT_EQ(find_service("Echo"), nullptr);
  EXPECT_EQ(find_service("ech"), nullptr);
  EXPECT_EQ(find_service(""), nullptr);
}

TEST(Registry, ExplainsEachServiceAndEachOfItsKeys) {
  for (const auto& kind : services()) {
    EXPECT_FALSE(kind.help.empty()) << kind.name;
    for (const auto& key : kind.keys) EXPECT_FALSE(key.help.empty()) << kind.name << "." << key.path;
  }
}

TEST(Registry, MakesEveryServiceButForward) {
  for (const auto& kind : services()) EXPECT_EQ(kind.make == nullptr, kind.name == "forward") << kind.name;
}

}  // namespace
}  // namespace tcpctl
