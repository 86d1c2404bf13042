// SPDX-License-Identifier: Apache-2.0
#include "ctl/client_sheet.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

View view(bool unicode = false, bool wide = false) {
  View view;
  view.utc = true;
  view.unicode = unicode;
  view.wide = wide;
  return view;
}

std::string sheet(const std::string& json, const View& view = test::view()) {
  return client_sheet(Json::parse(json).value_or(Json{}), view);
}

/// kKeep with `count` slots of this state.
std::string with_slots(int count, const std::string& state) {
  std::string slots;
  for (int n = 1; n <= count; ++n) {
    slots += fmt::format(
        R"({}{{"n": {}, "state": "{}", "since": "2026-11-22T13:00:00.000000Z", "connection": null, "attempts_total": 1,
            "failures_in_row": 0, "next_attempt_in_ms": null, "last_attempts": []}})",
        n > 1 ? ", " : "", n, n == count ? state : "up");
  }
  return fmt::format(R"({{"name": "x", "mode": "keep", "connections": {{"wanted": {}}}, "slots": [{}]}})",
                     count, slots);
}

TEST(ClientSheet, ShowsEachConnectionWithItsBackoff) {
  const auto text = sheet(kKeep);

  EXPECT_THAT(text,
              HasSubstr("1  up           2-15  2026-11-22 13:00:00Z         1                0         -\n"));
  EXPECT_THAT(text,
              HasSubstr("2  backing_off  -     2026-11-22 13:01:00Z         5                4      2.5s\n"));
}

TEST(ClientSheet, ShowsTheLastAttemptsOfAllConnectionsTheNewestFirst) {
  const auto text = sheet(kKeep);

  EXPECT_THAT(text, HasSubstr("2  10.0.0.9:7000  connect_refused  0.12 ms      -  -\n"));
  EXPECT_THAT(text, HasSubstr("2  10.0.0.9:7000  connected        0.41 ms  59.9s  peer_rst\n"));
  EXPECT_LT(text.find("connect_refused  0.12"), text.find("connected  "));
}

TEST(ClientSheet, CutsAvailabilitySoThatOnlyAllOfTheTimeIsHundredPercent) {
  const auto text = sheet(kKeep);

  EXPECT_THAT(text, HasSubstr("Last hour      99.99 %\n"));
  EXPECT_THAT(text, HasSubstr("Last day       -\n"));
  EXPECT_THAT(sheet(R"({"availability": {"hour": 1.0, "day": 0.0}})"), HasSubstr("100 %"));
}

TEST(ClientSheet, DrawsHowLongTheLastConnectsTook) {
  EXPECT_THAT(sheet(kKeep, view(true)), HasSubstr("▁✕█  0.21 ms .. 3.40 ms, 1 failed\n"));
  EXPECT_THAT(sheet(kKeep), HasSubstr("_x#  0.21 ms .. 3.40 ms, 1 failed\n"));
  EXPECT_THAT(sheet(R"({"recent_ms": [null, null]})"), HasSubstr("xx, 2 failed\n"));
}

TEST(ClientSheet, SaysThatPercentilesOfAProbeAreThoseOfItsConnects) {
  const std::string connect = R"("connect_ms": {"p50": 0.5, "p99": 2}, "recent_ms": [300])";

  EXPECT_THAT(sheet(R"({"mode": "probe", )" + connect + "}"), HasSubstr("  connect, half within"));
  EXPECT_THAT(sheet(R"({"mode": "keep", )" + connect + "}"), HasSubstr("Half within"));
}

TEST(ClientSheet, TellsOfTheHeartbeat) {
  const auto text = sheet(kKeep);

  EXPECT_THAT(text, HasSubstr("\nHeartbeat\n"));
  EXPECT_THAT(text, HasSubstr("Missed         2\n"));
}

TEST(ClientSheet, ShowsThoseOfManyConnectionsThatAreNotUpFirst) {
  const auto text = sheet(with_slots(40, "backing_off"));

  EXPECT_LT(text.find("\n  40  backing_off"), text.find("\n   1  up"));
  EXPECT_THAT(text, HasSubstr("and 24 more; see -o wide\n"));
  EXPECT_THAT(text, Not(HasSubstr("\n  17  up")));
  EXPECT_THAT(sheet(with_slots(40, "up"), view(false, true)), HasSubstr("\n  40  up"));
}

TEST(ClientSheet, LeavesOutWhatAnOlderDaemonDoesNotTell) {
  const auto text = sheet(kFeed);

  for (const auto* title : {"Each connection", "Last attempts", "Availability", "Heartbeat", "How long"})
    EXPECT_THAT(text, Not(HasSubstr(title)));
}

}  // namespace
}  // namespace tcpctl::ctl::test
