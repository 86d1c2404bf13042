// SPDX-License-Identifier: Apache-2.0
#include "stats/events.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

TEST(Events, PassAFilterThatTheyMatchInAllThatIsAsked) {
  EventBatch events;
  events.events.resize(2);
  events.texts = {std::make_shared<const std::string>("web"), std::make_shared<const std::string>("feed")};
  Event& of_listener = events.events[0];
  of_listener.kind = EventKind::closed;
  of_listener.party = 1;
  of_listener.direction = Direction::inbound;
  of_listener.remote = parse_ip_port("10.0.0.7:80").value();
  Event& of_client = events.events[1];
  of_client.kind = EventKind::client_up;
  of_client.party = 2;
  of_client.of_client = true;

  const auto matches = [&](const EventFilter& filter) {
    return std::pair{filter.matches(events, of_listener), filter.matches(events, of_client)};
  };

  EventFilter filter;
  EXPECT_EQ(matches(filter), std::pair(true, true));
  filter.listener = "web";
  EXPECT_EQ(matches(filter), std::pair(true, false));
  filter.peer = parse_network("10.0.0.0/8").value();
  filter.direction = Direction::inbound;
  filter.want(EventKind::closed);
  EXPECT_EQ(matches(filter), std::pair(true, false));
  filter.peer = parse_network("10.1.0.0/16").value();
  EXPECT_EQ(matches(filter), std::pair(false, false));
  EventFilter by_client;
  by_client.client = "feed";
  EXPECT_EQ(matches(by_client), std::pair(false, true));
}

TEST(Events, AreOfTheSourceThatAProxyHeaderNamedAndOfTheProxyItself) {
  EventBatch events;
  events.events.resize(2);
  events.sources = {parse_ip_port("192.0.2.1:8080").value()};
  for (Event& event : events.events) event.remote = parse_ip_port("10.0.0.7:80").value();
  events.events[1].source = 1;

  const auto matches = [&](std::string_view network) {
    EventFilter filter;
    filter.peer = parse_network(network).value();
    return std::pair{filter.matches(events, events.events[0]), filter.matches(events, events.events[1])};
  };

  EXPECT_EQ(matches("10.0.0.7"), std::pair(true, true));
  EXPECT_EQ(matches("192.0.2.0/24"), std::pair(false, true));
  EXPECT_EQ(matches("192.0.3.0/24"), std::pair(false, false));
}

TEST(Events, HaveOneTextAKind) {
  EXPECT_EQ(parse_event_kind("half_closed"), EventKind::half_closed);
  EXPECT_EQ(text(EventKind::limit_reached), "limit_reached");
  EXPECT_EQ(text(EventKind::change), "change");
  EXPECT_EQ(text(Change::Outcome::failed), "failed");
  EXPECT_EQ(parse_event_kind("Opened"), std::nullopt);
}

}  // namespace
}  // namespace tcpctl
