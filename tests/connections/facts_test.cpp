// SPDX-License-Identifier: Apache-2.0
#include "connections/facts.hpp"

#include <gtest/gtest.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

Facts facts_of(Owner::Kind kind) {
  Facts facts;
  facts.id = make_id(1, 17);
  facts.owner = test::make_owner(kind, kind == Owner::Kind::listener ? "echo" : "keep");
  facts.remote = parse_ip_port("192.0.2.7:4711").value();
  facts.opened = facts.last_active = now();
  facts.opened_wall = wall_now();
  return facts;
}

TEST(Facts, NameTheirListenerOrTheirClient) {
  const auto of_listener = to_row(facts_of(Owner::Kind::listener), now());
  EXPECT_EQ(of_listener.listener, "mine");
  EXPECT_EQ(of_listener.client, "");
  EXPECT_EQ(of_listener.service, "echo");

  const auto of_client = to_row(facts_of(Owner::Kind::client), now());
  EXPECT_EQ(of_client.listener, "");
  EXPECT_EQ(of_client.client, "mine");
}

TEST(Facts, LeaveOutWhatIsNotKnown) {
  const auto row = to_row(facts_of(Owner::Kind::listener), now());

  EXPECT_FALSE(row.peer_id);
  EXPECT_EQ(row.upstream, "");
  EXPECT_FALSE(row.close);
  ASSERT_TRUE(row.handshake);
  EXPECT_FALSE(row.handshake->client_isn);
  EXPECT_FALSE(row.handshake->rtt_us);
}

TEST(Facts, HaveNoHandshakeOnAUnixSocket) {
  auto facts = facts_of(Owner::Kind::listener);
  facts.remote = Address::unix_path("");

  EXPECT_FALSE(to_row(facts, now()).handshake);
}

TEST(Facts, ShowTheClientsSyn) {
  auto facts = facts_of(Owner::Kind::listener);
  facts.syn =
      tcp::SavedSyn{.isn = 0, .mss = 1460, .window_scale = 0, .ttl = 64, .sack = true, .timestamps = false};
  facts.handshake_rtt_us = 412;

  const auto row = to_row(facts, now());

  ASSERT_TRUE(row.handshake);
  EXPECT_EQ(row.handshake->client_isn, 0U) << "a number like any other";
  EXPECT_EQ(row.handshake->mss, 1460);
  EXPECT_EQ(row.handshake->window_scale, 0);
  EXPECT_EQ(row.handshake->sack, true);
  EXPECT_EQ(row.handshake->timestamps, false);
  EXPECT_EQ(row.handshake->rtt_us, 412U);
}

TEST(Facts, TellTheEndWithTheCodeOfItsSide) {
  auto facts = facts_of(Owner::Kind::listener);
  facts.close = {First::remote,           How::rst,           Reason::peer_rst, Phase::data,
                 std::string_view{"why"}, facts.opened + 31ms};
  facts.timeline.seen(TimelineEvent::rst_received, facts.close.at);

  facts.direction = Direction::inbound;
  EXPECT_EQ(close_row(facts).code, "CD");
  facts.direction = Direction::outbound;
  EXPECT_EQ(close_row(facts).code, "SD");
  EXPECT_EQ(close_row(facts).duration, 31ms);
  EXPECT_EQ(close_row(facts).detail, "why");
}

}  // namespace
}  // namespace tcpctl
