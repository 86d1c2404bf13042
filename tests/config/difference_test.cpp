// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using test::configured;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Difference between(std::string_view before, std::string_view after) {
  return difference(configured(before), configured(after), test::all_keys());
}

std::string listener(std::string_view lines) {
  return "[listeners.a]\nlisten = '127.0.0.1:6000'\nservice = 'echo'\n" + std::string{lines} + "\n";
}

TEST(Difference, NamesWhatCameAndWent) {
  const auto diff = between(listener("") + "[clients.x]\nconnect = 'h:1'\nmode = 'keep'\n",
                            listener("") + "[listeners.b]\nlisten = '*:0'\nservice = 'echo'\n");

  EXPECT_THAT(diff.added, ElementsAre("listeners.b"));
  EXPECT_THAT(diff.removed, ElementsAre("clients.x"));
  EXPECT_THAT(diff.kept, ElementsAre("listeners.a"));
  EXPECT_THAT(diff.changed, IsEmpty());
}

TEST(Difference, SaysOfEachChangedKeyWhenItApplies) {
  const auto diff =
      between(listener("max_connections = 5"),
              "[listeners.a]\nlisten = '127.0.0.1:6001'\nservice = 'echo'\nmax_connections = 6\n"
              "idle_timeout = '1m'\n");

  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_EQ(diff.changed[0].name, "listeners.a");
  EXPECT_THAT(diff.changed[0].keys,
              ElementsAre(Pair("listen", Applies::rebind), Pair("max_connections", Applies::now),
                          Pair("idle_timeout", Applies::new_connections)));
  EXPECT_THAT(diff.kept, IsEmpty());
}

TEST(Difference, AnotherSpellingIsNoChange) {
  const auto diff =
      between(listener("idle_timeout = '60s'\nallow = ['10.0.0.0/8']"),
              "[listeners.a]\nlisten = ['127.0.0.1:6000']\nservice = 'echo'\nidle_timeout = '1m'\n"
              "allow = '10.0.0.0/8'\nbacklog = 4096\nkeepalive = { idle = '1m' }\necho = {}\n");

  EXPECT_THAT(diff.changed, IsEmpty());
  EXPECT_THAT(diff.kept, ElementsAre("listeners.a"));
}

TEST(Difference, ComparesTablesBelow) {
  const auto diff =
      between("[listeners.a]\nlisten = '*:1'\nservice = 'dialog'\n",
              "[listeners.a]\nlisten = '*:1'\nservice = 'dialog'\ndialog = { greeting = 'hi' }\n"
              "keepalive = { probes = 3 }\n");

  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_THAT(diff.changed[0].keys, ElementsAre(Pair("keepalive.probes", Applies::new_connections),
                                                Pair("dialog.greeting", Applies::new_connections)));
}

TEST(Difference, AListOfTablesIsOneKey) {
  const std::string forward = "[listeners.a]\nlisten = '*:1'\nservice = 'forward'\nforward.upstreams = ";
  const auto diff =
      between(forward + "['h:1', 'h:2']\n", forward + "['h:1', { address = 'h:2', weight = 2 }]\n");

  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_THAT(diff.changed[0].keys, ElementsAre(Pair("forward.upstreams", Applies::new_connections)));
}

TEST(Difference, AnotherSpellingWithinAListOfTablesIsNoChange) {
  const auto with_upstreams = [](std::string_view list) {
    return "[listeners.a]\nlisten = '*:1'\nservice = 'forward'\nforward.upstreams = " + std::string{list} +
           "\n";
  };
  EXPECT_THAT(between(with_upstreams("[{ address = 'h:1' }, 'h:2']"),
                      with_upstreams("[{ address = 'h:1', weight = 1 }, 'h:2']"))
                  .kept,
              ElementsAre("listeners.a"));
  EXPECT_THAT(between(with_upstreams("'h:1'"), with_upstreams("['h:1']")).kept, ElementsAre("listeners.a"));
  EXPECT_THAT(between(with_upstreams("['h:1']"), with_upstreams("['h:1', 'h:2']")).kept, IsEmpty());
  EXPECT_THAT(between(with_upstreams("['h:1', 'h:2']"), with_upstreams("['h:2', 'h:1']")).kept, IsEmpty());
}

TEST(Difference, SectionsAreListedOnlyWhereTheyChanged) {
  const auto diff = between("[log]\nlevel = 'info'\n",
                            "[log]\nlevel = 'debug'\n[daemon]\nworkers = 2\n"
                            "[api.roles]\n'user:x' = 'read'\n[access_log]\nat = 'end'\n");

  ASSERT_EQ(diff.changed.size(), 4U);
  EXPECT_EQ(diff.changed[0].name, "daemon");
  EXPECT_THAT(diff.changed[0].keys, ElementsAre(Pair("workers", Applies::restart)));
  EXPECT_EQ(diff.changed[1].name, "log");
  EXPECT_THAT(diff.changed[1].keys, ElementsAre(Pair("level", Applies::now)));
  EXPECT_EQ(diff.changed[2].name, "access_log");
  EXPECT_THAT(diff.changed[2].keys, ElementsAre(Pair("at", Applies::now)));
  EXPECT_THAT(diff.changed[3].keys, ElementsAre(Pair("roles.user:x", Applies::now)));
}

TEST(Difference, SaysOfTheNameServersThatTheyNeedARestart) {
  const auto diff = between("", "[dns]\nservers = ['127.0.0.1:53']\ntimeout = '3s'\nattempts = 3\n");

  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_EQ(diff.changed[0].name, "dns");
  EXPECT_THAT(diff.changed[0].keys,
              ElementsAre(Pair("servers", Applies::restart), Pair("timeout", Applies::restart),
                          Pair("attempts", Applies::restart)));
}

TEST(Difference, LeavesNoSectionOut) {
  std::set<std::string> sections;
  for (const auto& key : core_keys()) sections.emplace(key.path.substr(0, key.path.find('.')));
  // Each with a key that differs.
  const auto diff =
      between("",
              "[daemon]\nworkers = 2\n[dns]\nattempts = 3\n[log]\nformat = 'json'\n[access_log]\nat = 'end'\n"
              "[api]\nhttp = ''\n[history]\nevents = 5\n" +
                  listener("") + "[clients.x]\nconnect = 'h:1'\nmode = 'keep'\n");

  std::set<std::string> told{"listeners", "clients"};
  for (const auto& change : diff.changed) told.insert(change.name);
  EXPECT_EQ(told, sections);
}

TEST(Difference, NothingChangedIsNothingListed) {
  const auto diff = between("", "");

  EXPECT_THAT(diff.added, IsEmpty());
  EXPECT_THAT(diff.changed, IsEmpty());
  EXPECT_THAT(diff.removed, IsEmpty());
  EXPECT_THAT(diff.kept, IsEmpty());
}

}  // namespace
}  // namespace tcpctl::config
