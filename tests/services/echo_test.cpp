// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using test::Conversation;
using test::make_service;

TEST(Echo, SendsBackEveryByteInOrder) {
  Conversation talk{make_service("echo")};
  const std::string all_bytes = [] {
    std::string bytes;
    for (int value = 0; value < 256; ++value) bytes.push_back(static_cast<char>(value));
    return bytes;
  }();

  talk.open();
  talk.say(all_bytes);
  talk.say("more");

  EXPECT_EQ(talk.session.sent, all_bytes + "more");
}

TEST(Echo, TakesNothingWhileThePeerDoesNotRead) {
  Conversation talk{make_service("echo")};
  talk.session.capacity = 4;

  talk.say("full");
  talk.say("later");

  EXPECT_EQ(talk.session.sent, "full");
  EXPECT_EQ(talk.unread(), "later");
}

TEST(Echo, GoesOnOnceThePeerHasRead) {
  Conversation talk{make_service("echo")};
  talk.session.capacity = 4;

  talk.say("full");
  talk.say("later");
  talk.read_all();

  EXPECT_EQ(talk.session.sent, "fulllater");
  EXPECT_EQ(talk.unread(), "");
}

TEST(Echo, FinishesAfterThePeersFinOnceAllIsEchoed) {
  Conversation talk{make_service("echo")};
  talk.session.capacity = 4;

  talk.say("full");
  talk.say("later");
  talk.fin();
  EXPECT_FALSE(talk.session.finished);
  talk.read_all();

  EXPECT_EQ(talk.session.sent, "fulllater");
  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

}  // namespace
}  // namespace tcpctl
