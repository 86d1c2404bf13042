// SPDX-License-Identifier: Apache-2.0
#include "app/carry.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tcp/sock_diag.hpp"

namespace tcpctl {
namespace {

using testing::HasSubstr;

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    ours = Fd{fds[0]};
    peer = Fd{fds[1]};
  }
  Fd ours, peer;
};

Facts facts_of(ConnectionId id) {
  Facts facts;
  facts.id = id;
  facts.remote = *parse_ip_port("10.0.0.7:51344");
  facts.peer_id = make_id(0, 8);
  facts.opened = Instant{Duration{1'000}};
  facts.opened_wall = WallTime{WallTime::duration{2'000}};
  facts.last_active = Instant{Duration{3'000}};
  facts.bytes_in = 4;
  facts.bytes_out = 5;
  facts.timeline.inferred(TimelineEvent::syn_received);
  facts.timeline.seen(TimelineEvent::accepted, Instant{Duration{1'000}});
  facts.timeline.seen(TimelineEvent::first_byte_in, Instant{Duration{3'000}});
  facts.handshake_rtt_us = 6;
  facts.syn = tcp::SavedSyn{.isn = 7, .mss = 1460, .window_scale = 7, .ttl = 64, .sack = true};
  facts.proxied =
      MaybeProxied{Proxied{*parse_ip_port("[2001:db8::1]:1"), *parse_ip_port("[2001:db8::2]:2"), "\xff\0id"}};
  return facts;
}

/// One of each kind; the peers' ends stay in `pairs`.
Carry example(std::vector<Pair>& pairs) {
  pairs.resize(4);
  Carry carry;
  carry.left = Instant{Duration{9}};
  carry.sequences = {17, 4};
  CarriedSession served{.owner = "web",
                        .service = "dialog",
                        .leg = {std::move(pairs[0].ours), facts_of(make_id(0, 7)), "\0out"}};
  served.state = {{1, 2, UINT64_MAX}, std::string{"\0\xff", 2}};
  served.held = "held";
  carry.sessions.push_back(std::move(served));
  CarriedSession pair{
      .owner = "front", .service = "forward", .leg = {std::move(pairs[1].ours), facts_of(make_id(1, 1)), {}}};
  pair.upstream = CarriedLeg{std::move(pairs[2].ours), facts_of(make_id(1, 2)), "up"};
  pair.upstream->facts.direction = Direction::outbound;
  pair.upstream->facts.upstream = std::make_shared<const std::string>("u1");
  carry.sessions.push_back(std::move(pair));
  CarriedSession kept{.owner = "feed",
                      .is_of_client = true,
                      .service = "keep",
                      .leg = {std::move(pairs[3].ours), facts_of(make_id(0, 9)), {}}};
  kept.leg.facts.remote = Address::unix_path("/run/x.sock");
  kept.slot = {.number = 3,
               .attempts = 11,
               .failures = 2,
               .since = WallTime{WallTime::duration{5}},
               .up_since = Instant{Duration{6}}};
  carry.sessions.push_back(std::move(kept));
  carry.received["feed"] = {.begin = 100, .taken = 101, .overwritten = 3, .bytes = "news"};
  return carry;
}

TEST(CarryTest, ComesOverAsItWas) {
  std::vector<Pair> pairs;
  auto end = put_carry(example(pairs));
  ASSERT_TRUE(end) << end.error().what;

  const auto carry = take_carry(*std::move(end));

  ASSERT_TRUE(carry) << carry.error().what;
  EXPECT_EQ(carry->left, Instant{Duration{9}});
  EXPECT_EQ(carry->sequences, (std::vector<std::uint64_t>{17, 4}));
  EXPECT_EQ(carry->missing, 0U);
  ASSERT_EQ(carry->sessions.size(), 3U);
  const CarriedSession& served = carry->sessions[0];
  EXPECT_EQ(served.owner, "web");
  EXPECT_EQ(served.service, "dialog");
  EXPECT_EQ(served.state.numbers, (std::vector<std::uint64_t>{1, 2, UINT64_MAX}));
  EXPECT_EQ(served.state.bytes, (std::string{"\0\xff", 2}));
  EXPECT_EQ(served.held, "held");
  const Facts &facts = served.leg.facts, wanted = facts_of(make_id(0, 7));
  EXPECT_EQ(facts.id, wanted.id);
  EXPECT_EQ(facts.remote, wanted.remote);
  EXPECT_EQ(facts.peer_id, wanted.peer_id);
  EXPECT_EQ(facts.opened, wanted.opened);
  EXPECT_EQ(facts.opened_wall, wanted.opened_wall);
  EXPECT_EQ(facts.last_active, wanted.last_active);
  EXPECT_EQ(facts.bytes_in, 4U);
  EXPECT_EQ(facts.bytes_out, 5U);
  EXPECT_EQ(facts.timeline.moments(), wanted.timeline.moments());
  EXPECT_TRUE(facts.timeline.is_inferred(TimelineEvent::syn_received));
  EXPECT_EQ(facts.handshake_rtt_us, 6U);
  ASSERT_TRUE(facts.syn);
  EXPECT_EQ(facts.syn->mss, 1460);
  EXPECT_EQ(facts.source(), *parse_ip_port("[2001:db8::1]:1"));
  const CarriedSession& pair = carry->sessions[1];
  ASSERT_TRUE(pair.upstream);
  EXPECT_EQ(pair.upstream->queued, "up");
  EXPECT_EQ(*pair.upstream->facts.upstream, "u1");
  EXPECT_EQ(pair.upstream->facts.direction, Direction::outbound);
  const CarriedSession& kept = carry->sessions[2];
  EXPECT_TRUE(kept.is_of_client);
  EXPECT_EQ(kept.leg.facts.remote.text(), "unix:/run/x.sock");
  EXPECT_EQ(kept.slot.number, 3U);
  EXPECT_EQ(kept.slot.up_since, Instant{Duration{6}});
  EXPECT_EQ(carry->received.at("feed").bytes, "news");
}

TEST(CarryTest, BringsEachSocketToItsSession) {
  std::vector<Pair> pairs;
  const auto carry = take_carry(*put_carry(example(pairs)));
  ASSERT_TRUE(carry);
  ASSERT_EQ(::send(carry->sessions[1].upstream->fd.get(), "x", 1, 0), 1);

  char byte = 0;
  EXPECT_EQ(::recv(pairs[2].peer.get(), &byte, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(::recv(pairs[1].peer.get(), &byte, 1, MSG_DONTWAIT), -1);
}

TEST(CarryTest, MoreSocketsThanOneMessageTakes) {
  constexpr std::size_t kMany = 600;
  std::vector<Pair> pairs(kMany);
  Carry many;
  for (std::size_t i = 0; i < kMany; ++i)
    many.sessions.push_back({.owner = "web",
                             .service = "echo",
                             .leg = {std::move(pairs[i].ours), facts_of(make_id(0, i + 1)), {}}});

  const auto carry = take_carry(*put_carry(std::move(many)));

  ASSERT_TRUE(carry);
  EXPECT_EQ(carry->sessions.size(), kMany);
  EXPECT_EQ(carry->sessions.back().leg.facts.id, make_id(0, kMany));
}

TEST(CarryTest, SessionsWithoutTheirSocketsAreCounted) {
  std::vector<Pair> pairs;
  const Carry whole = example(pairs);
  std::vector<Fd> sockets;
  sockets.push_back(Fd{::dup(whole.sessions[0].leg.fd.get())});

  const auto carry = read_carry(write_carry(whole), std::move(sockets));

  ASSERT_TRUE(carry);
  EXPECT_EQ(carry->sessions.size(), 1U);
  EXPECT_EQ(carry->missing, 2U);
}

TEST(CarryTest, AnotherSocketInItsPlaceIsNotTaken) {
  std::vector<Pair> pairs;
  const Carry whole = example(pairs);
  Pair other;
  std::vector<Fd> sockets;
  sockets.push_back(std::move(other.ours));

  const auto carry = read_carry(write_carry(whole), std::move(sockets));

  ASSERT_TRUE(carry);
  EXPECT_EQ(carry->missing, 3U);
}

TEST(CarryTest, DamagedOrOfAnotherVersionItIsRefused) {
  const auto whole = write_carry(Carry{});

  EXPECT_FALSE(read_carry(whole.substr(0, whole.size() / 2), {}));
  EXPECT_FALSE(read_carry("", {}));
  const auto other = read_carry("\xa1gversion\x18\x63", {});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().what, HasSubstr("version 99"));
}

}  // namespace
}  // namespace tcpctl
