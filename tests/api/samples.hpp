// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "stats/events.hpp"
#include "stats/snapshot.hpp"

/// Rows as the contract's examples show them.
namespace tcpctl::test {

inline WallTime sample_time() {
  using namespace std::chrono;
  return sys_days{2026y / November / 22} + 13h + 47min + 41s + 123us;
}
inline constexpr auto kSampleTime = "2026-11-22T13:47:41.000123Z";

inline EndsRow sample_ends() {
  EndsRow row;
  row.closes = {{First::remote, How::fin, Reason::peer_fin, 7}};
  row.duration.counts[3] = 7;
  row.duration.sum = 0.006;
  return row;
}

inline ListenerRow sample_listener(const std::string& name = "web") {
  ListenerRow row;
  row.name = name;
  row.source = "file";
  row.state = "up";
  row.service = "forward";
  row.addresses = {{"0.0.0.0:8080", "0.0.0.0:8080", "listening", "", 0, 4096}};
  row.active = 12;
  row.peak = 40;
  row.accepted = 9120;
  row.refused[static_cast<std::size_t>(Refusal::acl)] = 3;
  row.bytes_in = 1;
  row.bytes_out = 1;
  row.ends = sample_ends();
  row.config = R"({"listen":["0.0.0.0:8080"],"service":"forward","forward":{}})";
  return row;
}

inline UpstreamRow sample_upstream() {
  UpstreamRow row;
  row.name = "u1";
  row.address = "10.0.0.11:80";
  row.config_state = row.admin_state = "ready";
  row.operational_state = "up";
  row.cause = "L4OK in 0.4 ms";
  row.since = sample_time();
  row.active = 4;
  row.connections = 800;
  row.failures = {{"connect_refused", 2}};
  row.resolved = {"10.0.0.11:80"};
  row.admin_since = row.config_since = sample_time();
  row.max_connections = 100;
  row.assigned = 5;
  row.bytes_in = 7;
  row.bytes_out = 9;
  row.closes = {{First::remote, How::fin, Reason::peer_fin, 5}};
  return row;
}

inline ProbeRow sample_probe() {
  using namespace std::chrono_literals;
  ProbeRow row;
  row.result = "L7TOUT";
  row.failed_step = 1;
  row.got = "SSH-2.0-x";
  row.at = sample_time();
  row.took = 1000200us;
  row.connect = 200us;
  row.steps = {{1, "expect", false, 1s}};
  return row;
}

inline ClientRow sample_client(const std::string& name = "feed") {
  using namespace std::chrono_literals;
  ClientRow row;
  row.name = name;
  row.source = "runtime";
  row.mode = "keep";
  row.state = "up";
  row.address = "feed.example:7000";
  row.resolved = {"10.0.0.9:7000"};
  row.wanted = row.up = 1;
  row.attempts = 3;
  row.failures = {{"connect_refused", 2}, {"peer_rst", 4}};
  row.outcomes = {{"connect_refused", 2}, {"connected", 1}};
  row.up_last_hour = 0.999871;
  row.recent = {250us, std::nullopt};
  row.heartbeat = HeartbeatRow{9, 7, 1, 3ms, {}};
  row.slots = {{.n = 1,
                .state = "up",
                .since = sample_time(),
                .connection = make_id(1, 1417),
                .attempts = 2,
                .failures = 0,
                .next_attempt_in = {},
                .history = {{sample_time(), "10.0.0.9:7000", "connected", 250us, {}, ""},
                            {sample_time(), "", "connect_refused", 1ms, {}, ""}}}};
  row.overwritten = 5;
  row.bytes_in = row.bytes_out = 1;
  row.config = "{}";
  return row;
}

inline Address ip(const char* text) { return parse_ip_port(text).value(); }

inline ConnectionRow sample_connection() {
  using namespace std::chrono_literals;
  ConnectionRow row{};
  row.id = make_id(1, 1417);
  row.direction = Direction::inbound;
  row.listener = "web";
  row.service = "forward";
  row.peer_id = make_id(1, 1418);
  row.local = ip("10.0.0.1:8080");
  row.remote = ip("10.0.0.7:51344");
  row.state = "ESTABLISHED";
  row.opened_at = sample_time();
  row.age = 81234ms;
  row.idle = 12ms;
  row.bytes_in = 5120;
  row.bytes_out = 991232;
  row.timeline = {{TimelineEvent::syn_received, false, std::nullopt},
                  {TimelineEvent::accepted, true, sample_time()},
                  {TimelineEvent::first_byte_in, true, sample_time()}};
  row.handshake = HandshakeRow{305419896, 1460, std::uint8_t{7}, true, true, std::uint8_t{64}, 412};
  row.tcp = TcpRow{"live", 431, 88, 402, 0, 0, 10, 1448, 1250000, 90, 801, 0, 0, 0, 1200, "cubic"};
  return row;
}

inline ConnectionRow sample_closed_connection() {
  using namespace std::chrono_literals;
  auto row = sample_connection();
  row.state = "TIME_WAIT";
  row.close =
      CloseRow{sample_time(), First::remote, How::fin, Reason::peer_fin, Phase::data, "--", "", 1500us};
  return row;
}

/// Of a connection of listener "web", and one of client "feed".
inline EventBatch sample_events() {
  using namespace std::chrono_literals;
  EventBatch batch;
  batch.texts = {std::make_shared<const std::string>("web"), std::make_shared<const std::string>("feed"),
                 std::make_shared<const std::string>("a \"quoted\" \xff")};
  Event event;
  event.at = sample_time();
  event.party = 1;
  event.connection = make_id(1, 1417);
  event.peer = make_id(1, 1418);
  event.direction = Direction::inbound;
  event.remote = parse_ip_port("10.0.0.7:51344").value();
  batch.events.push_back(event);
  event.kind = EventKind::closed;
  event.first = First::remote;
  event.how = How::fin;
  event.reason = Reason::peer_fin;
  event.lasted = 1500ms + 250us;
  event.bytes_in = 4;
  event.bytes_out = 9;
  batch.events.push_back(event);
  Event up;
  up.at = sample_time();
  up.kind = EventKind::client_up;
  up.of_client = true;
  up.party = 2;
  up.detail = 3;
  batch.events.push_back(up);
  return batch;
}

inline StatusRow sample_status() {
  using namespace std::chrono_literals;
  StatusRow row;
  row.version = "0.1.0";
  row.pid = 4711;
  row.started_at = sample_time();
  row.uptime = 1500ms;
  row.workers = 2;
  row.max_connections = 18400;
  row.file_limit = 20000;
  row.listeners = 1;
  row.access_log_dropped = 5;
  row.access_log_errors = 6;
  row.generation = "1";
  row.connections_by_state = {{"ESTABLISHED", 1}};
  row.closes = sample_ends().closes;
  row.listener_ends = {{"web", sample_ends()}};
  row.client_ends = {{"feed", {}}};
  row.host = HostRow{3, 5};
  row.capabilities = {{"sock_diag", "on"}};
  return row;
}

}  // namespace tcpctl::test
