// SPDX-License-Identifier: Apache-2.0
#include "services/daytime.hpp"

#include <gmock/gmock.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using test::Conversation;
using test::make_service;

TEST(Daytime, WritesTheMomentAsALineOfText) {
  const WallTime moment = sys_days{2026y / 11 / 22} + 13h + 47min + 41s;

  EXPECT_EQ(daytime_line(moment), "Sunday, November 22, 2026 13:47:41-UTC\r\n");
}

TEST(Daytime, PadsTheClockButNotTheDay) {
  const WallTime moment = sys_days{2024y / 2 / 3} + 4h + 5min + 6s + 999ms;

  EXPECT_EQ(daytime_line(moment), "Saturday, February 3, 2024 04:05:06-UTC\r\n");
}

TEST(Daytime, SendsOneLineAndFinishesItself) {
  Conversation talk{make_service("daytime")};

  talk.open();

  EXPECT_THAT(talk.session.sent,
              testing::MatchesRegex("[A-Z][a-z]+, [A-Z][a-z]+ [0-9]+, [0-9]+ [0-9]+:[0-9]+:[0-9]+-UTC\r\n"));
  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

}  // namespace
}  // namespace tcpctl
