// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "support/tcp_peer.hpp"
#include "tcp/info.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::tcp {
namespace {

using Packet = std::vector<unsigned char>;

// A TCP header: ports, sequence number, its length in the upper half of byte 12, SYN, and `options`.
Packet tcp_header(const Packet& options) {
  Packet header{0x1f, 0x90, 0x00, 0x50, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0, 0x02, 0xff, 0xff, 0, 0, 0, 0};
  header[12] = static_cast<unsigned char>((20 + options.size()) / 4 << 4);
  header.insert(header.end(), options.begin(), options.end());
  return header;
}
Packet ipv4(const Packet& segment, unsigned words = 5) {
  Packet packet(words * 4, 0);
  packet[0] = static_cast<unsigned char>(0x40 | words);
  packet[8] = 61;
  packet.insert(packet.end(), segment.begin(), segment.end());
  return packet;
}
Packet ipv6(const Packet& segment) {
  Packet packet(40, 0);
  packet[0] = 0x60;
  packet[7] = 62;
  packet.insert(packet.end(), segment.begin(), segment.end());
  return packet;
}
const Packet kUsualOptions{2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};

std::optional<SavedSyn> parse(const Packet& packet) { return parse_syn(packet.data(), packet.size()); }

TEST(SavedSyn, TellsWhatTheSynOfAnUsualClientSaid) {
  for (const auto& packet : {ipv4(tcp_header(kUsualOptions)), ipv6(tcp_header(kUsualOptions))}) {
    const auto syn = parse(packet);

    ASSERT_TRUE(syn);
    EXPECT_EQ(syn->isn, 0x12345678U);
    EXPECT_EQ(syn->mss, 1460);
    EXPECT_EQ(syn->window_scale, 7);
    EXPECT_TRUE(syn->sack);
    EXPECT_TRUE(syn->timestamps);
  }
  EXPECT_EQ(parse(ipv4(tcp_header({})))->ttl, 61);
  EXPECT_EQ(parse(ipv6(tcp_header({})))->ttl, 62);
}

TEST(SavedSyn, LeavesOutWhatTheSynDidNotSay) {
  const auto syn = parse(ipv4(tcp_header({})));

  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->mss, std::nullopt);
  EXPECT_EQ(syn->window_scale, std::nullopt);
  EXPECT_FALSE(syn->sack);
  EXPECT_FALSE(syn->timestamps);
}

TEST(SavedSyn, SkipsTheOptionsOfTheIpHeader) {
  const auto syn = parse(ipv4(tcp_header(kUsualOptions), 8));

  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->isn, 0x12345678U);
  EXPECT_EQ(syn->mss, 1460);
}

TEST(SavedSyn, IsNothingIfThePacketIsCutAnywhere) {
  for (const auto& whole : {ipv4(tcp_header(kUsualOptions)), ipv6(tcp_header(kUsualOptions))}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const Packet cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(parse(cut)) << length;
    }
  }
}

TEST(SavedSyn, IsNothingForOtherPackets) {
  auto odd = ipv4(tcp_header({}));
  odd[0] = 0x55;  // IP version 5
  EXPECT_FALSE(parse(odd));
  odd[0] = 0x44;  // an IP header of four words
  EXPECT_FALSE(parse(odd));
  auto small = ipv4(tcp_header({}));
  small[20 + 12] = 0x40;  // a TCP header of four words
  EXPECT_FALSE(parse(small));
}

TEST(SavedSyn, StopsAtAMalformedOptionAndKeepsTheOnesBefore) {
  const Packet mss{2, 4, 0x05, 0xb4};
  for (const Packet& bad : {Packet{3, 0, 0, 0}, Packet{3, 1, 7, 0}, Packet{3, 9, 7, 0}, Packet{1, 1, 1, 3}}) {
    Packet options = mss;
    options.insert(options.end(), bad.begin(), bad.end());

    const auto syn = parse(ipv4(tcp_header(options)));

    ASSERT_TRUE(syn);
    EXPECT_EQ(syn->mss, 1460);
    EXPECT_EQ(syn->window_scale, std::nullopt);
  }
}

TEST(SavedSyn, StopsAtTheEndOfOptions) {
  const auto syn = parse(ipv4(tcp_header({0, 0, 0, 0, 2, 4, 0x05, 0xb4})));

  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->mss, std::nullopt);
}

TEST(SavedSyn, IsKeptByTheKernelForAnAcceptedSocketAndTakenOnce) {
  const auto listener = listen_on(parse_ip_port("127.0.0.1:0").value(), {});
  ASSERT_TRUE(listener) << listener.error().what;
  const Fd client = test::connect_plain(local_address(listener->get()));
  const Fd accepted{::accept(listener->get(), nullptr, nullptr)};

  const auto syn = take_saved_syn(accepted.get());

  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->ttl, 64);
  EXPECT_TRUE(syn->mss);
  EXPECT_FALSE(take_saved_syn(accepted.get()));
  EXPECT_FALSE(take_saved_syn(client.get()));
}

}  // namespace
}  // namespace tcpctl::tcp
