// SPDX-License-Identifier: Apache-2.0
#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

std::int64_t whole_milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Json timeline_json(const std::vector<TimelineRow>& timeline) {
  Json json = Json::array();
  for (const auto& entry : timeline) {
    json.push_back({{"at", entry.at ? Json(rfc3339(*entry.at)) : Json{}},
                    {"event", text(entry.event)},
                    {"basis", entry.seen ? "seen" : "inferred"}});
  }
  return json;
}

Json handshake_json(const HandshakeRow& row) {
  return {{"client_isn", or_null(row.client_isn)},
          {"mss", or_null(row.mss)},
          {"window_scale", or_null(row.window_scale)},
          {"sack", or_null(row.sack)},
          {"timestamps", or_null(row.timestamps)},
          {"ttl", or_null(row.ttl)},
          {"rtt_us", or_null(row.rtt_us)}};
}

Json tcp_json(const TcpRow& row) {
  return {{"taken", row.taken},
          {"rtt_us", row.rtt_us},
          {"rtt_var_us", row.rtt_var_us},
          {"min_rtt_us", or_null(row.min_rtt_us)},
          {"retransmits_total", row.retransmits},
          {"lost", row.lost},
          {"cwnd_segments", row.cwnd_segments},
          {"mss_bytes", row.mss_bytes},
          {"delivery_rate_bytes_per_second", or_null(row.delivery_rate)},
          {"segments_in", or_null(row.segments_in)},
          {"segments_out", or_null(row.segments_out)},
          {"unsent_bytes", or_null(row.unsent_bytes)},
          {"receive_window_limited_us", or_null(row.receive_window_limited_us)},
          {"send_buffer_limited_us", or_null(row.send_buffer_limited_us)},
          {"busy_us", or_null(row.busy_us)},
          {"congestion", or_null(row.congestion)}};
}

Json close_json(const CloseRow& row) {
  return {{"at", rfc3339(row.at)},         {"first", text(row.first)},
          {"how", text(row.how)},          {"reason", text(row.reason)},
          {"phase", text(row.phase)},      {"code", row.code},
          {"detail", or_null(row.detail)}, {"duration_ms", milliseconds(row.duration)}};
}

}  // namespace

Json to_json(const ConnectionRow& row) {
  return {{"id", id_text(row.id)},
          {"direction", text(row.direction)},
          {"listener", or_null(row.listener)},
          {"client", or_null(row.client)},
          {"service", or_null(row.service)},
          {"peer_id", row.peer_id ? Json(id_text(*row.peer_id)) : Json{}},
          {"local", or_null(row.local)},
          {"remote", or_null(row.remote)},
          {"proxied_source", or_null(row.proxied_source)},
          {"proxied_destination", or_null(row.proxied_destination)},
          {"proxied_id", or_null(row.proxied_id)},
          {"upstream", or_null(row.upstream)},
          {"state", row.state},
          {"opened_at", rfc3339(row.opened_at)},
          {"age_ms", whole_milliseconds(row.age)},
          {"idle_ms", whole_milliseconds(row.idle)},
          {"bytes_in", row.bytes_in},
          {"bytes_out", row.bytes_out},
          {"timeline", timeline_json(row.timeline)},
          {"handshake", row.handshake ? handshake_json(*row.handshake) : Json{}},
          {"tcp", row.tcp ? tcp_json(*row.tcp) : Json{}},
          {"close", row.close ? close_json(*row.close) : Json{}}};
}

}  // namespace tcpctl::api
