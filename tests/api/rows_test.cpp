// SPDX-License-Identifier: Apache-2.0
#include "api/rows.hpp"

#include <gtest/gtest.h>

#include "api/samples.hpp"

namespace tcpctl::api {
namespace {

/// The text of the contract with its "…Z" filled in, compared member by member in its order.
void expect_json(const Json& made, std::string wanted) {
  for (auto at = wanted.find("…Z"); at != std::string::npos; at = wanted.find("…Z")) {
    wanted.replace(at, std::string{"…Z"}.size(), test::kSampleTime);
  }
  EXPECT_EQ(dump(made), dump(Json::parse(wanted)));
}

Json json_of(const ConnectionRow& row) {
  std::string text;
  write(text, row);
  return Json::parse(text);
}

TEST(Rows, ShowAListenerAsTheContractDoes) {
  expect_json(to_json(test::sample_listener()), R"(
{"name": "web", "source": "file", "state": "up", "error": null, "service": "forward",
 "addresses": [{"configured": "0.0.0.0:8080", "bound": "0.0.0.0:8080", "state": "listening", "error": null, "queue": 0, "queue_max": 4096}],
 "connections": {"active": 12, "peak": 40, "limit": null, "accepted_total": 9120, "refused_total": {"limit": 0, "source_limit": 0, "rate": 0, "acl": 3, "files": 0}, "queued": 0},
 "bytes_in_total": 1, "bytes_out_total": 1,
 "ends": {"closes_by_reason": {"peer_fin": 7}, "closes": [{"first": "remote", "how": "fin", "reason": "peer_fin", "total": 7}],
          "duration_ms": {"count": 7, "mean": 0.857, "p50": 0.75, "p90": 0.95, "p99": 0.995, "buckets": [{"le": 1.0, "count": 7}]},
          "rtt_ms": {"count": 0, "mean": null, "p50": null, "p90": null, "p99": null, "buckets": []}},
 "drain": null, "config": {"listen": ["0.0.0.0:8080"], "service": "forward", "forward": {}}})");
}

TEST(Rows, ShowAClientAsTheContractDoes) {
  expect_json(to_json(test::sample_client()), R"(
{"name": "feed", "source": "runtime", "mode": "keep", "state": "up", "error": null, "address": "feed.example:7000", "resolved": ["10.0.0.9:7000"], "resolve_error": null,
 "connections": {"wanted": 1, "up": 1, "connecting": 0, "backing_off": 0}, "attempts_total": 3, "failures_total": {"connect_refused": 2, "peer_rst": 4},
 "next_attempt_in_ms": null, "last_failure": null, "last_probe": null,
 "since": null, "in_row": null, "results_total": null, "skipped_total": null, "late_total": null, "running": null,
 "availability": {"hour": 0.99987, "day": null}, "connect_ms": {"p50": null, "p99": null}, "recent_ms": [0.25, null],
 "heartbeat": {"sent_total": 9, "answered_total": 7, "missed_total": 1, "last_ms": 3.0, "answer_ms": {"p50": null, "p99": null}},
 "slots": [{"n": 1, "state": "up", "since": "2026-11-22T13:47:41.000123Z", "connection": "2-1417", "attempts_total": 2, "failures_in_row": 0,
   "next_attempt_in_ms": null, "last_attempts": [
     {"at": "2026-11-22T13:47:41.000123Z", "address": "10.0.0.9:7000", "outcome": "connected", "took_ms": 0.25, "stood_ms": null, "ended": null},
     {"at": "2026-11-22T13:47:41.000123Z", "address": null, "outcome": "connect_refused", "took_ms": 1.0, "stood_ms": null, "ended": null}]}],
 "received_overwritten_bytes_total": 5, "bytes_in_total": 1, "bytes_out_total": 1,
 "ends": {"closes_by_reason": {}, "closes": [], "duration_ms": {"count": 0, "mean": null, "p50": null, "p90": null, "p99": null, "buckets": []},
          "rtt_ms": {"count": 0, "mean": null, "p50": null, "p90": null, "p99": null, "buckets": []}}, "config": {}})");
}

TEST(Rows, AddUpEndsByReason) {
  EXPECT_EQ(dump(closes_by_reason({{First::remote, How::fin, Reason::peer_fin, 7},
                                   {First::local, How::rst, Reason::admin_kill, 1},
                                   {First::local, How::fin, Reason::peer_fin, 2}})),
            R"({"admin_kill":1,"peer_fin":9})");
}

TEST(Rows, ShowAHistogramByItsBucketsWithoutABoundForTheLast) {
  EndsRow row;
  row.rtt.counts.front() = 1;
  row.rtt.counts.back() = 3;
  row.rtt.sum = 40'000;

  expect_json(to_json(row).at("rtt_ms"), R"(
{"count": 4, "mean": 10000000.0, "p50": 3600000.0, "p90": 3600000.0, "p99": 3600000.0,
 "buckets": [{"le": 0.1, "count": 1}, {"le": null, "count": 3}]})");
}

TEST(Rows, ShowTheStatusWithTheEndsOfEachListenerAndClient) {
  const auto json = to_json(test::sample_status());

  EXPECT_EQ(dump(json.at("totals").at("closes_by_reason")), R"({"peer_fin":7})");
  EXPECT_EQ(json.at("listeners").at("web"), to_json(test::sample_listener()).at("ends"));
  EXPECT_EQ(json.at("clients").at("feed").at("duration_ms").at("count"), 0);
  EXPECT_EQ(dump(json.at("host")), R"({"listen_overflows_total":3,"listen_drops_total":5})");
}

TEST(Rows, ShowNoHostWhereTheKernelDoesNotTell) {
  auto row = test::sample_status();
  row.host.reset();

  EXPECT_TRUE(to_json(row).at("host").is_null());
}

TEST(Rows, ShowADrainWithItsTimes) {
  const DrainRow drain{WallTime{std::chrono::seconds{0}}, WallTime{std::chrono::seconds{30}}};
  auto listener = test::sample_listener();
  listener.drain = drain;
  auto upstream = test::sample_upstream();
  upstream.drain = drain;
  auto status = test::sample_status();
  status.drain = drain;

  for (const auto& json : {to_json(listener), to_json(upstream), to_json(status)}) {
    expect_json(json.at("drain"),
                R"({"began_at": "1970-01-01T00:00:00.000000Z", "ends_at": "1970-01-01T00:00:30.000000Z"})");
  }
}

TEST(Rows, ShowAnUpstreamAsTheContractDoes) {
  expect_json(to_json(test::sample_upstream()), R"(
{"name": "u1", "address": "10.0.0.11:80", "config_state": "ready", "admin_state": "ready", "operational_state": "up", "cause": "L4OK in 0.4 ms",
 "since": "…Z", "weight": 1, "backup": false, "active": 4, "connections_total": 800, "failures_total": {"connect_refused": 2}, "connect_ms": {"p50": null, "p99": null},
 "resolved": ["10.0.0.11:80"], "admin_cause": null, "admin_since": "…Z", "config_since": "…Z", "config_weight": 1, "tier": 0,
 "max_connections": 100, "assigned": 5, "bytes_in_total": 7, "bytes_out_total": 9, "last_check": null, "drain": null})");
}

TEST(Rows, ShowAProbeAsTheContractDoes) {
  expect_json(to_json(test::sample_probe()), R"(
{"success": false, "result": "L7TOUT", "failed_step": 1, "got": "SSH-2.0-x", "address": null, "at": "…Z", "duration_ms": 1000.2,
 "phases_ms": {"resolve": null, "connect": 0.2, "close": null}, "steps": [{"n": 1, "kind": "expect", "ok": false, "ms": 1000.0}]})");
}

TEST(Rows, ShowWhatAProbeAloneHas) {
  auto row = test::sample_client();
  row.probing.emplace();
  row.probing->since = test::sample_time();
  row.probing->in_row = 7;
  row.probing->results = {{"L7OK", 6}, {"L4CON", 1}};
  row.probing->skipped = 2;
  row.probing->late = 3;
  row.probing->running = {.so_far = test::sample_probe(), .phase = "steps", .step = 2, .step_kind = "expect"};
  row.probing->running->so_far.address = test::ip("192.0.2.7:25");

  const auto json = to_json(row);

  EXPECT_EQ(json.at("since"), rfc3339(test::sample_time()));
  EXPECT_EQ(json.at("in_row"), 7);
  EXPECT_EQ(dump(json.at("results_total")), R"({"L4CON":1,"L7OK":6})");
  EXPECT_EQ(json.at("skipped_total"), 2);
  EXPECT_EQ(json.at("late_total"), 3);
  expect_json(json.at("running"), R"(
{"at": "…Z", "duration_ms": 1000.2, "address": "192.0.2.7:25", "phase": "steps",
 "phases_ms": {"resolve": null, "connect": 0.2, "close": null},
 "steps": [{"n": 1, "kind": "expect", "ok": false, "ms": 1000.0}], "step": {"n": 2, "kind": "expect"}})");
  row.probing->running->step = 0;
  EXPECT_TRUE(to_json(row).at("running").at("step").is_null());
}

TEST(Rows, ShowAConnectionAsTheContractDoes) {
  expect_json(json_of(test::sample_connection()), R"(
{"id": "2-1417", "direction": "inbound", "listener": "web", "client": null, "service": "forward", "peer_id": "2-1418",
 "local": "10.0.0.1:8080", "remote": "10.0.0.7:51344", "proxied_source": null, "proxied_destination": null, "proxied_id": null, "upstream": null,
 "state": "ESTABLISHED", "opened_at": "…Z", "age_ms": 81234, "idle_ms": 12, "bytes_in": 5120, "bytes_out": 991232,
 "timeline": [{"at": null, "event": "syn_received", "basis": "inferred"}, {"at": "…Z", "event": "accepted", "basis": "seen"},
              {"at": "…Z", "event": "first_byte_in", "basis": "seen"}],
 "handshake": {"client_isn": 305419896, "mss": 1460, "window_scale": 7, "sack": true, "timestamps": true, "ttl": 64, "rtt_us": 412},
 "tcp": {"taken": "live", "rtt_us": 431, "rtt_var_us": 88, "min_rtt_us": 402, "retransmits_total": 0, "lost": 0, "cwnd_segments": 10,
         "mss_bytes": 1448, "delivery_rate_bytes_per_second": 1250000, "segments_in": 90, "segments_out": 801, "unsent_bytes": 0,
         "receive_window_limited_us": 0, "send_buffer_limited_us": 0, "busy_us": 1200, "congestion": "cubic"},
 "close": null})");
}

TEST(Rows, ShowHowAConnectionEnded) {
  expect_json(json_of(test::sample_closed_connection()).at("close"), R"(
{"at": "…Z", "first": "remote", "how": "fin", "reason": "peer_fin", "phase": "data", "code": "--", "detail": null, "duration_ms": 1.5})");
}

TEST(Rows, ShowNullForWhatIsNotKnown) {
  ConnectionRow row{};
  row.direction = Direction::outbound;
  row.client = "feed";
  row.remote = Address::unix_path("/run/x.sock");

  const auto json = json_of(row);

  for (const auto* member : {"listener", "service", "peer_id", "local", "handshake", "tcp", "close"}) {
    EXPECT_TRUE(json.at(member).is_null()) << member;
  }
  EXPECT_EQ(json.at("remote"), "unix:/run/x.sock");
}

TEST(Rows, EscapeWhatAConnectionsTextsHold) {
  auto row = test::sample_closed_connection();
  row.upstream = "a\"b\\c";
  row.close->detail = "\xff line\nbreak \u00fc";

  const auto json = json_of(row);

  EXPECT_EQ(json.at("upstream"), "a\"b\\c");
  EXPECT_EQ(json.at("close").at("detail"), "\uFFFD line\nbreak \u00fc");
}

TEST(Rows, ReplaceWhatIsNoUtf8) {
  auto row = test::sample_probe();
  row.got = "\xff\xfe";

  EXPECT_EQ(Json::parse(dump(to_json(row))).at("got"), "\uFFFD\uFFFD");
}

TEST(Rows, GiveReceivedBytesExactlyAndReadably) {
  const auto json = Json::parse(dump(to_json(ReceivedRow{7, 10, 2, 9, "a\xff\n"})));

  EXPECT_EQ(
      dump(json),
      dump(Json::parse(
          R"({"from": 7, "next": 10, "lost_bytes": 2, "overwritten_total": 9, "taken": null, "text": "a\ufffd\n", "base64": "Yf8K"})")));
}

TEST(Rows, SayWhatWasTakenAndWhatIsStillToBe) {
  EXPECT_EQ(dump(to_json(TakenRow{7, 0})), R"({"taken":7,"untaken_bytes":0})");
  EXPECT_EQ(dump(to_json(TakenRow{})), R"({"taken":null,"untaken_bytes":null})");
}

TEST(Rows, ShowWhenAChangedKeyHolds) {
  ReloadRow row;
  row.at = test::sample_time();
  row.changed = {{"listeners.web", {{"idle_timeout", "new_connections"}}}};
  row.kept = {"clients.feed"};
  row.conflicts = {{"listeners.b", "/etc/a.toml:1:1", true, false}};

  expect_json(to_json(row), R"(
{"at": "…Z", "ok": true, "errors": [], "added": [], "changed": [{"name": "listeners.web", "keys": {"idle_timeout": "new_connections"}}],
 "removed": [], "kept": ["clients.feed"], "failed": [],
 "conflicts": [{"name": "listeners.b", "file": "/etc/a.toml:1:1", "at_run_time": "removed", "wins": "runtime"}]})");
}

}  // namespace
}  // namespace tcpctl::api
