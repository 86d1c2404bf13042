// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/life.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/connect/report.hpp"
#include "ctl/json.hpp"

namespace tcpctl::ctl::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Address address(const std::string& text) { return *parse_ip_port(text); }
Json facts(const Life& life) { return Json::parse(life.json()).value_or(Json{}); }

/// Of one attempt that came to this.
Life life_of(int error) {
  Life life;
  const auto begun = now();
  life.take({{address("192.0.2.1:80"), begun, begun + 2ms, error}});
  return life;
}

std::string close(const Json& facts) {
  const auto close = facts.at("close");
  return close.at("first").raw() + " " + close.at("how").raw() + " " + close.at("reason").raw();
}

std::vector<std::string> events(const Json& facts) {
  std::vector<std::string> all;
  for (const auto& entry : facts.items("timeline"))
    all.push_back((entry.at("at").is_null() ? "~" : "") + entry.text("event").value_or(""));
  return all;
}

TEST(Life, SaysOfAConnectWhatTheDaemonWouldSay) {
  EXPECT_EQ(close(facts(life_of(ECONNREFUSED))), "remote rst connect_refused");
  EXPECT_EQ(close(facts(life_of(ETIMEDOUT))), "local timeout connect_timeout");
  EXPECT_EQ(close(facts(life_of(EHOSTUNREACH))), "unknown abort connect_unreachable");
  EXPECT_EQ(close(facts(life_of(EADDRNOTAVAIL))), "local abort resource");
  EXPECT_EQ(close(facts(life_of(ECANCELED))), "local abort local_done");
  EXPECT_EQ(facts(life_of(ETIMEDOUT)).text("close.detail"), "no answer to SYN");
}

TEST(Life, BeginsWithTheAttemptThatConnected) {
  Life life;
  const auto begun = now();
  life.take({{address("[2001:db8::1]:80"), begun, begun + 1ms, ECONNREFUSED},
             {address("192.0.2.1:80"), begun + 1ms, begun + 3ms, 0}});

  const auto told = facts(life);
  EXPECT_EQ(told.text("remote"), "192.0.2.1:80");
  EXPECT_THAT(events(told), ElementsAre("syn_sent", "established"));
  EXPECT_EQ(told.number("handshake.ms"), 2.0);
  EXPECT_TRUE(told.at("close").is_null());
  EXPECT_EQ(told.items("attempts").size(), 2U);
}

TEST(Life, CountsEachEventOnceAndLetsNoMomentGoBack) {
  auto life = life_of(0);
  const auto time = now() + 1s;
  life.seen("first_byte_in", time);
  life.seen("first_byte_in", time + 1s);
  life.seen("fin_received", time - 500ms);

  const auto entries = facts(life).items("timeline");
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[2].text("at"), entries[3].text("at"));
}

TEST(Life, PrefersWhatWasSeenToWhatWasInferred) {
  auto life = life_of(0);
  life.inferred("fin_acked");
  life.seen("fin_acked", now() + 1s);
  life.inferred("fin_acked");

  EXPECT_THAT(events(facts(life)), ElementsAre("syn_sent", "established", "fin_acked"));
}

TEST(Life, KeepsWhoWasFirst) {
  auto life = life_of(0);
  life.note_first("remote", "fin");
  life.note_reason("peer_fin", {});
  life.note_first("local", "rst");
  life.note_reason("local_done", "late");
  life.seen("closed", now());

  EXPECT_EQ(close(facts(life)), "remote fin peer_fin");
  EXPECT_EQ(facts(life).text("close.detail"), "");
}

TEST(LifeSheet, ListsTheTimeLineWhereThereIsNoRoomForThePicture) {
  auto life = life_of(0);
  life.seen("closed", now() + 1s);
  View view;
  view.width = 40;

  const auto narrow = life_sheet(life, view);
  EXPECT_THAT(narrow, HasSubstr("\nTime line\n"));
  EXPECT_THAT(narrow, Not(HasSubstr("Sequence")));
  view.width = 80;
  EXPECT_THAT(life_sheet(life, view), HasSubstr("\nSequence\n"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
