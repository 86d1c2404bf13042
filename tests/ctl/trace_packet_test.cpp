// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/trace/packet.hpp"
#include "trace_frames.hpp"

namespace tcpctl::ctl::trace {
namespace {

using namespace std::string_literals;
using test::big16;
using test::ethernet;
using test::ipv4;
using test::ipv6;
using test::Tcp;

/// The frame has to outlive the segment.
tl::expected<Segment, Skipped> decoded(Link link, const std::string& frame) {
  return decode(link, frame, frame.size());
}

TEST(TracePacket, ReadsEachKindOfFrame) {
  const auto packet = ipv4(Tcp{.seq = 5, .payload = "abc"}.bytes());
  const std::string sll = std::string(14, '\0') + big16(0x0800) + packet;
  const std::string sll2 = big16(0x0800) + std::string(18, '\0') + packet;
  const std::string null = "\x02\0\0\0"s + packet;
  for (const auto& [link, frame] :
       {std::pair{Link::ethernet, ethernet(packet)}, std::pair{Link::linux_sll, sll},
        std::pair{Link::linux_sll2, sll2}, std::pair{Link::raw, packet}, std::pair{Link::null, null}}) {
    const auto segment = decoded(link, frame);
    ASSERT_TRUE(segment) << static_cast<int>(link);
    EXPECT_EQ(segment->from.text(), "10.0.0.1:40000");
    EXPECT_EQ(segment->to.text(), "10.0.0.2:80");
    EXPECT_EQ(segment->seq, 5U);
    EXPECT_EQ(segment->length, 3U);
    EXPECT_EQ(segment->payload, "abc");
  }
}

TEST(TracePacket, LooksBehindTagsAndExtensionHeaders) {
  const auto tcp = Tcp{.payload = "x"}.bytes();
  const auto tagged = std::string(12, '\x02') + big16(0x8100) + big16(7) + big16(0x0800) + ipv4(tcp);
  EXPECT_TRUE(decoded(Link::ethernet, tagged));
  const auto hop_by_hop = "\x06\0\0\0\0\0\0\0"s;
  const auto frame = ethernet(ipv6(tcp, 0, hop_by_hop), 0x86DD);
  const auto segment = decoded(Link::ethernet, frame);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->from.text(), "[2001:db8::1]:40000");
  EXPECT_EQ(segment->length, 1U);
  EXPECT_TRUE(decoded(Link::raw, ipv4(tcp, false, 6, 0, "\x01\x01\x01\x01")));
}

TEST(TracePacket, ReadsOptions) {
  const auto frame =
      ipv4(Tcp{.flags = 0x02, .options = "\x02\x04\x05\xb4\x03\x03\x07\x04\x02\x08\x0a\0\0\0\x01\0\0\0\x02"s}
               .bytes());
  const auto segment = decoded(Link::raw, frame);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->options.mss, 1460);
  EXPECT_EQ(segment->options.window_scale, 7);
  EXPECT_TRUE(segment->options.sack_permitted);
  EXPECT_EQ(segment->options.timestamps, (Options::Timestamps{1, 2}));
  const auto blocks = ipv4(Tcp{.options = "\x05\x0a\0\0\0\x05\0\0\0\x09"s}.bytes());
  EXPECT_EQ(decoded(Link::raw, blocks)->options.sack, (std::vector{Options::Block{5, 9}}));
}

TEST(TracePacket, TakesPaddingForNoPayload) {
  const auto frame = ethernet(ipv4(Tcp{}.bytes()) + std::string(6, '\0'));
  EXPECT_EQ(decoded(Link::ethernet, frame)->length, 0U);
}

TEST(TracePacket, SaysWhyThereIsNoSegment) {
  const auto tcp = Tcp{.payload = "abcd"}.bytes();
  EXPECT_EQ(decoded(Link::raw, ipv4(tcp, false, 17)).error(), Skipped::other);
  EXPECT_EQ(decoded(Link::ethernet, ethernet("", 0x0806)).error(), Skipped::other);
  EXPECT_EQ(decoded(Link::raw, ipv4(tcp, false, 6, 1)).error(), Skipped::fragment);
  const auto packet = ipv4(tcp);
  EXPECT_EQ(decode(Link::raw, std::string_view{packet}.substr(0, 30), packet.size()).error(), Skipped::cut);
  auto odd = tcp;
  odd[12] = '\x10';
  EXPECT_EQ(decoded(Link::raw, ipv4(odd)).error(), Skipped::malformed);
}

TEST(TracePacket, KnowsTheLengthOfWhatWasNotCaptured) {
  const auto packet = ipv4(Tcp{.payload = std::string(1000, 'x')}.bytes());
  const auto segment = decode(Link::raw, std::string_view{packet}.substr(0, 44), packet.size());
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->length, 1000U);
  EXPECT_EQ(segment->payload, "xxxx");
}

}  // namespace
}  // namespace tcpctl::ctl::trace
