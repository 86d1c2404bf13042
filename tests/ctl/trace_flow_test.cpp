// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/trace/flow.hpp"

namespace tcpctl::ctl::trace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kClient = 1000, kServer = 5000;

/// A connection whose segments are 1 ms apart; numbers are relative to each side's first.
class TraceFlow : public ::testing::Test {
 protected:
  Place take(std::size_t from, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
             std::uint32_t length = 0, std::uint16_t window = 512) {
    Segment segment;
    segment.seq = seq + (from == 0 ? kClient : kServer);
    segment.ack = ack + (from == 0 ? kServer : kClient);
    segment.flags = flags;
    segment.length = length;
    segment.window = window;
    segment.packet_id = ++id_;
    at_ += gap_;
    return flow_.take(segment, from, at_);
  }
  void shake_hands() {
    take(0, Segment::kSyn, 0, 0);
    take(1, Segment::kSyn | Segment::kAck, 0, 1);
    take(0, Segment::kAck, 1, 1);
  }

  WallTime at_{};
  std::chrono::microseconds gap_{1000};
  std::uint16_t id_{0};
  Flow flow_{std::nullopt, WallTime{}};
};

TEST_F(TraceFlow, CountsFromTheSyn) {
  const auto syn = take(0, Segment::kSyn, 0, 0);
  const auto synack = take(1, Segment::kSyn | Segment::kAck, 0, 1);
  const auto data = take(0, Segment::kAck | Segment::kPsh, 1, 1, 10);

  EXPECT_EQ(syn.seq, 0U);
  EXPECT_EQ(synack.ack, 1U);
  EXPECT_EQ(data.seq, 1U);
  EXPECT_THAT(data.notes, IsEmpty());
  EXPECT_EQ(flow_.sent(0).bytes, 10U);
  EXPECT_EQ(flow_.handshake(), std::chrono::milliseconds{2});
}

TEST_F(TraceFlow, MarksWhatIsSentAgain) {
  shake_hands();
  take(0, Segment::kAck, 1, 1, 100);
  gap_ = std::chrono::milliseconds{300};

  EXPECT_THAT(take(0, Segment::kAck, 1, 1, 100).notes, ElementsAre(Note::retransmission));
  take(1, Segment::kAck, 1, 101);
  EXPECT_THAT(take(0, Segment::kAck, 1, 1, 100).notes, ElementsAre(Note::spurious_retransmission));
  EXPECT_EQ(flow_.sent(0).bytes, 100U) << "each byte once";
  EXPECT_EQ(flow_.sent(0).retransmissions, 2U);
}

TEST_F(TraceFlow, MarksAHoleAndTheAcksThatTellOfIt) {
  shake_hands();
  take(0, Segment::kAck, 1, 1, 100);
  take(1, Segment::kAck, 1, 101);
  EXPECT_THAT(take(0, Segment::kAck, 201, 1, 100).notes, ElementsAre(Note::previous_not_captured));
  const auto duplicate = take(1, Segment::kAck, 1, 101);
  EXPECT_THAT(duplicate.notes, ElementsAre(Note::duplicate_ack));
  EXPECT_EQ(duplicate.duplicates, 1U);
}

TEST_F(TraceFlow, MarksAClosedWindowAndItsProbe) {
  shake_hands();
  take(0, Segment::kAck, 1, 1, 100);

  EXPECT_THAT(take(1, Segment::kAck, 1, 101, 0, 0).notes, Contains(Note::zero_window));
  EXPECT_THAT(take(0, Segment::kAck, 101, 1, 1).notes, Contains(Note::zero_window_probe));
}

TEST_F(TraceFlow, MarksAKeepAlive) {
  shake_hands();

  EXPECT_THAT(take(0, Segment::kAck, 0, 1).notes, ElementsAre(Note::keep_alive));
  EXPECT_THAT(take(1, Segment::kAck, 1, 1).notes, ElementsAre(Note::keep_alive_ack));
}

TEST_F(TraceFlow, EndsWithBothFinsAcknowledged) {
  shake_hands();
  take(1, Segment::kAck | Segment::kFin, 1, 1);
  take(0, Segment::kAck, 1, 2);
  EXPECT_FALSE(flow_.is_over());
  take(0, Segment::kAck | Segment::kFin, 1, 2);
  take(1, Segment::kAck, 2, 2);

  EXPECT_TRUE(flow_.is_over());
  ASSERT_TRUE(flow_.first_end());
  EXPECT_EQ(flow_.first_end()->from, 1U);
  EXPECT_FALSE(flow_.first_end()->reset);
}

TEST_F(TraceFlow, EndsWithAReset) {
  shake_hands();
  take(0, Segment::kRst, 1, 0);

  EXPECT_TRUE(flow_.is_over());
  EXPECT_TRUE(flow_.first_end()->reset);
}

}  // namespace
}  // namespace tcpctl::ctl::trace
