// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using test::Conversation;
using test::make_service;
using test::refusal;

TEST(Discard, TakesEverythingAndSendsNothing) {
  Conversation talk{make_service("discard")};
  talk.session.capacity = 0;

  talk.open();
  talk.say(std::string(1 << 20, 'x'));

  EXPECT_EQ(talk.unread(), "");
  EXPECT_EQ(talk.session.sent, "");
  EXPECT_FALSE(talk.session.finished);
}

TEST(Discard, FinishesAtThePeersFin) {
  Conversation talk{make_service("discard")};

  talk.say("x");
  talk.fin();

  EXPECT_TRUE(talk.session.finished);
}

TEST(Discard, StaysOpenBelowCloseAfter) {
  Conversation talk{make_service("discard", R"(close_after = "10B")")};

  talk.say("123456789");

  EXPECT_FALSE(talk.session.finished);
}

TEST(Discard, FinishesOnceItHasSeenCloseAfterBytes) {
  Conversation talk{make_service("discard", R"(close_after = "10B")")};

  talk.say("123456789");
  talk.say("0");

  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

TEST(Discard, RefusesAnOptionItDoesNotKnowByName) {
  EXPECT_EQ(refusal("discard", R"(close_aftr = "1B")"),
            "unknown key 'close_aftr'; did you mean 'close_after'?");
}

TEST(Discard, RefusesToCloseAfterNothing) { EXPECT_NE(refusal("discard", R"(close_after = "0")"), ""); }

}  // namespace
}  // namespace tcpctl
