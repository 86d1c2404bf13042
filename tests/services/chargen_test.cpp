// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using test::Conversation;
using test::make_service;

/// What the first `size` bytes are to be, written down in another way than the service does it.
std::string pattern(std::size_t size) {
  std::string ring;
  for (char c = ' '; c <= '~'; ++c) ring.push_back(c);
  std::string text;
  while (text.size() < size) {
    text += (ring + ring).substr(0, 72) + "\r\n";
    ring = ring.substr(1) + ring.front();
  }
  return text.substr(0, size);
}

TEST(Chargen, BeginsWithTheLinesOfTheRfc) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 148;

  talk.open();

  EXPECT_EQ(talk.session.sent,
            " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n"
            "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n");
}

TEST(Chargen, SendsNoMoreThanThereIsRoomFor) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 1000;

  talk.open();

  EXPECT_EQ(talk.session.sent.size(), 1000U);
}

TEST(Chargen, GoesOnWhereItStoppedAndNeverBreaksThePattern) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 1013;  // shares no factor with a line

  talk.open();
  while (talk.session.sent.size() < 50'000) talk.read_all();

  EXPECT_EQ(talk.session.sent, pattern(talk.session.sent.size()));
}

TEST(Chargen, FillsTheRoomToTheLastByteSoThatItIsCalledAgain) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 100'000;  // more than one period of the pattern

  talk.open();

  EXPECT_EQ(talk.session.room(), 0U);
  EXPECT_EQ(talk.session.sent, pattern(100'000));
}

TEST(Chargen, ThrowsItsInputAway) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 74;

  talk.open();
  talk.say("anything");

  EXPECT_EQ(talk.unread(), "");
  EXPECT_EQ(talk.session.sent, pattern(74));
}

TEST(Chargen, FinishesAtThePeersFin) {
  Conversation talk{make_service("chargen")};
  talk.session.capacity = 74;

  talk.open();
  talk.fin();

  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.sent, pattern(74));
}

}  // namespace
}  // namespace tcpctl
