// SPDX-License-Identifier: Apache-2.0
#include "ctl/event_stream.hpp"

#include <vector>

#include <gmock/gmock.h>

namespace tcpctl::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EventStreamTest : public testing::Test {
 protected:
  EventStream stream{
      [this](const EventStream::Event& event) { got.push_back(event.type + "|" + event.data); }};
  std::vector<std::string> got;
};

TEST_F(EventStreamTest, TellsAnEventWhenItsEmptyLineComes) {
  ASSERT_TRUE(stream.feed("id: 7\nevent: opened\ndata: {}\n"));
  EXPECT_THAT(got, IsEmpty());
  EXPECT_EQ(stream.last_id(), "");

  ASSERT_TRUE(stream.feed("\n"));

  EXPECT_THAT(got, ElementsAre("opened|{}"));
  EXPECT_EQ(stream.last_id(), "7");
}

TEST_F(EventStreamTest, TakesPiecesOfASingleByteAndAllThreeEndsOfALine) {
  for (const char c : std::string{"data: a\r\n\r\ndata:b\r\rdata: c\n\n"}) ASSERT_TRUE(stream.feed({&c, 1}));

  EXPECT_THAT(got, ElementsAre("message|a", "message|b", "message|c"));
}

TEST_F(EventStreamTest, JoinsTheLinesOfItsData) {
  ASSERT_TRUE(stream.feed("data: a\ndata\ndata:  b\n\n"));

  EXPECT_THAT(got, ElementsAre("message|a\n\n b"));
}

TEST_F(EventStreamTest, PassesOverCommentsUnknownFieldsAndAByteOrderMark) {
  ASSERT_TRUE(stream.feed("\xEF\xBB\xBF: hello\n:\nfield: x\ndata: a\n\n"));

  EXPECT_THAT(got, ElementsAre("message|a"));
}

TEST_F(EventStreamTest, RemembersANumberThatComesWithoutData) {
  ASSERT_TRUE(stream.feed("retry: 250\nid: 12\n\n"));

  EXPECT_THAT(got, IsEmpty());
  EXPECT_EQ(stream.last_id(), "12");
  EXPECT_EQ(stream.retry(), std::chrono::milliseconds{250});
}

TEST_F(EventStreamTest, KeepsTheLastNumberForEventsWithoutOne) {
  ASSERT_TRUE(stream.feed("id: 12\ndata: a\n\ndata: b\n\n"));

  EXPECT_EQ(stream.last_id(), "12");
}

TEST_F(EventStreamTest, TakesNoWaitThatIsNoNumberAndNoneBeyondAMinute) {
  ASSERT_TRUE(stream.feed("retry: soon\n\n"));
  EXPECT_EQ(stream.retry(), std::nullopt);

  ASSERT_TRUE(stream.feed("retry: 99999999999999999999\n\n"));
  EXPECT_EQ(stream.retry(), std::chrono::minutes{1});
}

TEST_F(EventStreamTest, GivesUpOnALineOrAnEventWithoutEnd) {
  EXPECT_FALSE(stream.feed(std::string(EventStream::kLongest + 1, 'x')));
  EXPECT_FALSE(stream.feed("\n\ndata: a\n\n"));
  EXPECT_THAT(got, IsEmpty());

  EventStream other{[](const EventStream::Event&) {}};
  const std::string line = "data: " + std::string(1000, 'x') + "\n";
  bool is_taken = true;
  for (std::size_t bytes = 0; bytes <= EventStream::kLongest; bytes += 1000) is_taken = other.feed(line);
  EXPECT_FALSE(is_taken);
}

}  // namespace
}  // namespace tcpctl::ctl
