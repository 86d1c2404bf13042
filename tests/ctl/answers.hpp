// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

/// Answers of the API, with every member it always has.
namespace tcpctl::ctl::test {

inline const std::string kStatus =
    R"({"version": "0.1.0", "pid": 4711, "started_at": "2026-11-22T13:00:00.000000Z",
 "uptime_seconds": 192.5, "workers": 2, "limits": {"max_connections": 18400, "file_limit": 20000},
 "totals": {"connections_active": 13, "connections_total": 9121, "bytes_in_total": 5120, "bytes_out_total": 991232,
            "listeners": 3, "listeners_failed": 1, "clients": 2, "clients_up": 1, "accept_pauses_total": 0,
            "history_entries": 9108, "history_bytes": 4700000, "history_dropped_total": 0, "log_dropped_total": 0,
            "access_log_dropped_total": 0, "access_log_errors_total": 0,
            "events_total": 36500, "events_kept": 10000, "events_dropped_total": 12, "event_streams": 1,
            "event_streams_cut_total": 0, "final_info_overruns_total": 0, "final_info_missed_total": 0,
            "closes_by_reason": {"idle_timeout": 3, "peer_fin": 9105}},
 "connections_by_state": {"ESTABLISHED": 11, "FIN_WAIT_2": 2, "LAST_ACK": 0},
 "listeners": {}, "clients": {}, "host": {"listen_overflows_total": 3, "listen_drops_total": 1205},
 "generation": "a1b2", "last_reload": null, "capabilities": {"sock_diag": "on"}})";

inline const std::string kWeb =
    R"({"name": "web", "source": "file", "state": "up", "error": null, "service": "forward",
 "addresses": [{"configured": "0.0.0.0:8080", "bound": "0.0.0.0:8080", "state": "listening", "error": null, "queue": 0, "queue_max": 4096},
               {"configured": "[::]:0", "bound": "[::]:40123", "state": "listening", "error": null, "queue": null, "queue_max": null}],
 "connections": {"active": 12, "peak": 40, "limit": 1000, "accepted_total": 9120,
                 "refused_total": {"limit": 0, "source_limit": 0, "rate": 0, "acl": 3, "files": 0}},
 "bytes_in_total": 5120, "bytes_out_total": 12345678,
 "ends": {"closes_by_reason": {"idle_timeout": 3, "peer_fin": 9105},
          "closes": [{"first": "local", "how": "fin", "reason": "idle_timeout", "total": 3},
                     {"first": "remote", "how": "fin", "reason": "peer_fin", "total": 9105}],
          "duration_ms": {"count": 9108, "mean": 41000.5, "p50": 812.5, "p90": 60000, "p99": 7500000, "buckets": [{"le": 1000, "count": 9108}]},
          "rtt_ms": {"count": 9108, "mean": 0.3, "p50": 0.175, "p90": 0.41, "p99": 12.3, "buckets": [{"le": 0.25, "count": 9108}]}},
 "config": {"listen": ["0.0.0.0:8080", "[::]:0"], "service": "forward"}})";

inline const std::string kHello =
    R"({"name": "hello", "source": "file", "state": "failed", "error": "address in use", "service": "dialog",
 "addresses": [{"configured": "127.0.0.1:6000", "bound": null, "state": "failed", "error": "Address already in use", "queue": null, "queue_max": null}],
 "connections": {"active": 0, "peak": 0, "limit": null, "accepted_total": 0,
                 "refused_total": {"limit": 0, "source_limit": 0, "rate": 0, "acl": 0, "files": 0}},
 "bytes_in_total": 0, "bytes_out_total": 0, "config": {"listen": ["127.0.0.1:6000"], "service": "dialog"}})";

inline const std::string kEcho =
    R"({"name": "echo-with-a-name-of-some-length", "source": "runtime", "state": "paused", "error": null, "service": "echo",
 "addresses": [{"configured": "unix:/run/tcpctl/echo.sock", "bound": "unix:/run/tcpctl/echo.sock", "state": "paused", "error": null, "queue": null, "queue_max": null}],
 "connections": {"active": 1, "peak": 1500, "limit": null, "accepted_total": 1234567,
                 "refused_total": {"limit": 0, "source_limit": 0, "rate": 0, "acl": 0, "files": 0}},
 "bytes_in_total": 999499, "bytes_out_total": 999500, "config": {"listen": ["unix:/run/tcpctl/echo.sock"], "service": "echo"}})";

inline const std::string kFeed =
    R"({"name": "feed", "source": "runtime", "mode": "keep", "state": "backing_off", "error": null,
 "address": "feed.example:7000", "resolved": ["10.0.0.9:7000"],
 "connections": {"wanted": 1, "up": 0, "connecting": 0, "backing_off": 1}, "attempts_total": 3, "failures_total": {"connect_refused": 2},
 "next_attempt_in_ms": 2500, "last_failure": "connect_refused", "last_probe": null, "bytes_in_total": 1, "bytes_out_total": 1, "config": {}})";

/// Two connections, one of which stands.
inline const std::string kKeep =
    R"({"name": "keep", "source": "file", "mode": "keep", "state": "connecting", "error": null,
 "address": "feed.example:7000", "resolved": ["10.0.0.9:7000"], "resolve_error": null,
 "connections": {"wanted": 2, "up": 1, "connecting": 0, "backing_off": 1}, "attempts_total": 6, "failures_total": {"connect_refused": 4},
 "next_attempt_in_ms": 2500, "last_failure": "connect_refused: Connection refused", "last_probe": null,
 "availability": {"hour": 0.999999, "day": null}, "connect_ms": {"p50": 0.3, "p99": 2.1}, "recent_ms": [0.21, null, 3.4],
 "heartbeat": {"sent_total": 40, "answered_total": 38, "missed_total": 2, "last_ms": 0.52, "answer_ms": {"p50": 0.5, "p99": 1.2}},
 "slots": [{"n": 1, "state": "up", "since": "2026-11-22T13:00:00.000000Z", "connection": "2-15", "attempts_total": 1,
            "failures_in_row": 0, "next_attempt_in_ms": null, "last_attempts": []},
           {"n": 2, "state": "backing_off", "since": "2026-11-22T13:01:00.000000Z", "connection": null, "attempts_total": 5,
            "failures_in_row": 4, "next_attempt_in_ms": 2500, "last_attempts": [
              {"at": "2026-11-22T13:01:00.000000Z", "address": "10.0.0.9:7000", "outcome": "connect_refused", "took_ms": 0.12,
               "stood_ms": null, "ended": null},
              {"at": "2026-11-22T13:00:00.000000Z", "address": "10.0.0.9:7000", "outcome": "connected", "took_ms": 0.41,
               "stood_ms": 59987, "ended": "peer_rst"}]}],
 "received_overwritten_bytes_total": 0, "bytes_in_total": 1, "bytes_out_total": 1, "config": {"connect": "feed.example:7000"}})";

inline const std::string kProbe =
    R"({"success": false, "result": "L7TOUT", "failed_step": 1, "got": "SSH-2.0-x", "at": "2026-11-22T13:01:00.000000Z",
 "duration_ms": 1000.2, "phases_ms": {"resolve": null, "connect": 0.2}, "steps": [{"n": 1, "kind": "expect", "ok": false, "ms": 1000.0}]})";

inline const std::string kSmtp =
    R"({"name": "smtp-check", "source": "file", "mode": "probe", "state": "down", "error": null,
 "address": "127.0.0.1:25", "resolved": ["127.0.0.1:25"],
 "connections": {"wanted": 0, "up": 0, "connecting": 0, "backing_off": 0}, "attempts_total": 7, "failures_total": {},
 "next_attempt_in_ms": null, "last_failure": null, "last_probe": )" +
    kProbe + R"(, "bytes_in_total": 0, "bytes_out_total": 0, "config": {"connect": "127.0.0.1:25"}})";

inline const std::string kUpstream =
    R"({"name": "u1", "address": "10.0.0.11:80", "config_state": "ready", "admin_state": "ready", "operational_state": "up",
 "cause": "L4OK in 0.4 ms", "since": "2026-11-22T13:00:00.000000Z", "weight": 1, "backup": false, "active": 4, "connections_total": 800,
 "failures_total": {"connect_refused": 2}, "connect_ms": {"p50": 0.3, "p99": 2.1}})";

inline const std::string kOpen =
    R"({"id": "2-1417", "direction": "inbound", "listener": "web", "client": null, "service": "forward", "peer_id": "2-1418",
 "local": "10.0.0.1:8080", "remote": "10.0.0.7:51344", "proxied_source": null, "upstream": null,
 "state": "ESTABLISHED", "opened_at": "2026-11-22T13:02:00.000100Z", "age_ms": 81234, "idle_ms": 12, "bytes_in": 5120, "bytes_out": 991232,
 "timeline": [{"at": null, "event": "syn_received", "basis": "inferred"}, {"at": "2026-11-22T13:02:00.000100Z", "event": "accepted", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.001304Z", "event": "first_byte_in", "basis": "seen"}],
 "handshake": {"client_isn": 305419896, "mss": 1460, "window_scale": 7, "sack": true, "timestamps": true, "ttl": 64, "rtt_us": 412},
 "tcp": {"taken": "live", "rtt_us": 431, "rtt_var_us": 88, "min_rtt_us": 402, "retransmits_total": 0, "lost": 0, "cwnd_segments": 10,
         "mss_bytes": 1448, "delivery_rate_bytes_per_second": 1250000, "segments_in": 90, "segments_out": 801, "unsent_bytes": 0,
         "receive_window_limited_us": 0, "send_buffer_limited_us": 0, "busy_us": 1200, "congestion": "cubic"},
 "close": null})";

inline const std::string kOutbound =
    R"({"id": "2-1418", "direction": "outbound", "listener": "web", "client": null, "service": "forward", "peer_id": "2-1417",
 "local": "10.0.0.1:40200", "remote": "[2001:db8:0:1:2:3:4:5]:8443", "proxied_source": null, "upstream": "u1",
 "state": "CLOSE_WAIT", "opened_at": "2026-11-22T13:02:00.000400Z", "age_ms": 7800000, "idle_ms": 61000, "bytes_in": 991232, "bytes_out": 5120,
 "timeline": [], "handshake": null, "tcp": null, "close": null})";

inline const std::string kClosed =
    R"({"id": "1-9", "direction": "inbound", "listener": "web", "client": null, "service": "forward", "peer_id": null,
 "local": "10.0.0.1:8080", "remote": "10.0.0.8:40000", "proxied_source": null, "upstream": null,
 "state": "CLOSED", "opened_at": "2026-11-22T13:02:00.000100Z", "age_ms": 500, "idle_ms": 0, "bytes_in": 10, "bytes_out": 0,
 "timeline": [{"at": "2026-11-22T13:02:00.500100Z", "event": "rst_received", "basis": "seen"}], "handshake": null, "tcp": null,
 "close": {"at": "2026-11-22T13:02:00.500100Z", "first": "remote", "how": "rst", "reason": "peer_rst", "phase": "data", "code": "CD",
           "detail": "reset by the client", "duration_ms": 500.0}})";

/// Both legs of a session from its SYN to its end.
inline const std::string kEndedClient =
    R"({"id": "1-20", "direction": "inbound", "listener": "web", "client": null, "service": "forward", "peer_id": "1-21",
 "local": "10.0.0.1:8080", "remote": "10.0.0.8:40000", "proxied_source": null, "upstream": null,
 "state": "CLOSED", "opened_at": "2026-11-22T13:02:00.000100Z", "age_ms": 3201, "idle_ms": 0, "bytes_in": 5120, "bytes_out": 991232,
 "timeline": [{"at": null, "event": "syn_received", "basis": "inferred"}, {"at": null, "event": "established", "basis": "inferred"},
              {"at": "2026-11-22T13:02:00.000100Z", "event": "accepted", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.000900Z", "event": "first_byte_in", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.002100Z", "event": "first_byte_out", "basis": "seen"},
              {"at": "2026-11-22T13:02:03.200000Z", "event": "fin_received", "basis": "seen"},
              {"at": "2026-11-22T13:02:03.200700Z", "event": "fin_sent", "basis": "seen"},
              {"at": null, "event": "fin_acked", "basis": "inferred"},
              {"at": "2026-11-22T13:02:03.200900Z", "event": "closed", "basis": "seen"}], "handshake": null, "tcp": null,
 "close": {"at": "2026-11-22T13:02:03.200900Z", "first": "remote", "how": "fin", "reason": "peer_fin", "phase": "data", "code": "--",
           "detail": "", "duration_ms": 3200.8}})";

inline const std::string kEndedUpstream =
    R"({"id": "1-21", "direction": "outbound", "listener": "web", "client": null, "service": "forward", "peer_id": "1-20",
 "local": "10.0.0.1:40200", "remote": "10.0.0.11:80", "proxied_source": null, "upstream": "u1",
 "state": "TIME_WAIT", "opened_at": "2026-11-22T13:02:00.000200Z", "age_ms": 3201, "idle_ms": 0, "bytes_in": 991232, "bytes_out": 5120,
 "timeline": [{"at": "2026-11-22T13:02:00.000200Z", "event": "syn_sent", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.000700Z", "event": "established", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.001000Z", "event": "first_byte_out", "basis": "seen"},
              {"at": "2026-11-22T13:02:00.002000Z", "event": "first_byte_in", "basis": "seen"},
              {"at": "2026-11-22T13:02:03.200100Z", "event": "fin_sent", "basis": "seen"},
              {"at": "2026-11-22T13:02:03.200200Z", "event": "fin_acked", "basis": "seen"},
              {"at": "2026-11-22T13:02:03.200600Z", "event": "fin_received", "basis": "seen"},
              {"at": null, "event": "time_wait", "basis": "inferred"},
              {"at": "2026-11-22T13:02:03.200800Z", "event": "closed", "basis": "seen"}], "handshake": null, "tcp": null,
 "close": {"at": "2026-11-22T13:02:03.200800Z", "first": "local", "how": "fin", "reason": "peer_fin", "phase": "data", "code": "--",
           "detail": "", "duration_ms": 3200.6}})";

/// A page of a collection; `next` is a cursor or empty.
inline std::string page(const std::vector<std::string>& items, const std::string& next = "") {
  std::string out = R"({"items": [)";
  for (const auto& item : items) out += (&item == &items.front() ? "" : ", ") + item;
  return out + R"(], "total": )" + std::to_string(items.size()) + R"(, "next": )" +
         (next.empty() ? "null" : "\"" + next + "\"") + "}";
}

}  // namespace tcpctl::ctl::test
