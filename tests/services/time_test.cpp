// SPDX-License-Identifier: Apache-2.0
#include "services/time.hpp"

#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using test::Conversation;
using test::make_service;
using Reply = std::array<char, 4>;

// The example of RFC 868: "2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT" = 0x83AA7E80.
TEST(Time, CountsFromNineteenHundred) {
  EXPECT_EQ(time_reply(WallTime{}), (Reply{'\x83', '\xAA', '\x7E', '\x80'}));
}

TEST(Time, SendsTheMostSignificantByteFirst) {
  EXPECT_EQ(time_reply(WallTime{} + 1s), (Reply{'\x83', '\xAA', '\x7E', '\x81'}));
}

TEST(Time, StartsOverIn2036) {
  const WallTime last = sys_days{2036y / 2 / 7} + 6h + 28min + 15s;

  EXPECT_EQ(time_reply(last), (Reply{'\xFF', '\xFF', '\xFF', '\xFF'}));
  EXPECT_EQ(time_reply(last + 1s), (Reply{'\0', '\0', '\0', '\0'}));
  EXPECT_EQ(time_reply(last + 2s), (Reply{'\0', '\0', '\0', '\1'}));
}

TEST(Time, SendsFourBytesAndFinishesItself) {
  Conversation talk{make_service("time")};

  talk.open();

  EXPECT_EQ(talk.session.sent.size(), 4U);
  EXPECT_TRUE(talk.session.finished);
}

}  // namespace
}  // namespace tcpctl
