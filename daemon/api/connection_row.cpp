// SPDX-License-Identifier: Apache-2.0
#include "api/json_text.hpp"
#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

std::int64_t whole_milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string text_of(const Address& address) {
  return address.family() == AF_UNSPEC ? std::string{} : address.text();
}

void write(std::string& out, const TimelineRow& row) {
  JsonObject json{out};
  json.add_or_null("at", row.at ? rfc3339(*row.at) : "");
  json.add("event", text(row.event));
  json.add("basis", row.seen ? "seen" : "inferred");
}

void write(std::string& out, const std::vector<TimelineRow>& timeline) {
  out += '[';
  for (const auto& row : timeline) {
    if (&row != &timeline.front()) out += ',';
    write(out, row);
  }
  out += ']';
}

void write(std::string& out, const HandshakeRow& row) {
  JsonObject json{out};
  json.add("client_isn", row.client_isn);
  json.add("mss", row.mss);
  json.add("window_scale", row.window_scale);
  json.add("sack", row.sack);
  json.add("timestamps", row.timestamps);
  json.add("ttl", row.ttl);
  json.add("rtt_us", row.rtt_us);
}

void write(std::string& out, const TcpRow& row) {
  JsonObject json{out};
  json.add("taken", row.taken);
  json.add("rtt_us", row.rtt_us);
  json.add("rtt_var_us", row.rtt_var_us);
  json.add("min_rtt_us", row.min_rtt_us);
  json.add("retransmits_total", row.retransmits);
  json.add("lost", row.lost);
  json.add("cwnd_segments", row.cwnd_segments);
  json.add("mss_bytes", row.mss_bytes);
  json.add("delivery_rate_bytes_per_second", row.delivery_rate);
  json.add("segments_in", row.segments_in);
  json.add("segments_out", row.segments_out);
  json.add("unsent_bytes", row.unsent_bytes);
  json.add("receive_window_limited_us", row.receive_window_limited_us);
  json.add("send_buffer_limited_us", row.send_buffer_limited_us);
  json.add("busy_us", row.busy_us);
  json.add_or_null("congestion", row.congestion);
}

void write(std::string& out, const CloseRow& row) {
  JsonObject json{out};
  json.add("at", rfc3339(row.at));
  json.add("first", text(row.first));
  json.add("how", text(row.how));
  json.add("reason", text(row.reason));
  json.add("phase", text(row.phase));
  json.add("code", row.code);
  json.add_or_null("detail", row.detail);
  json.raw("duration_ms", dump(milliseconds(row.duration)));
}

template <class Row>
void write_or_null(JsonObject& json, std::string_view name, const std::optional<Row>& row) {
  if (row) {
    write(json.begin(name), *row);
  } else {
    json.add_null(name);
  }
}

}  // namespace

void write(std::string& out, const ConnectionRow& row) {
  JsonObject json{out};
  json.add("id", id_text(row.id));
  json.add("direction", text(row.direction));
  json.add_or_null("listener", row.listener);
  json.add_or_null("client", row.client);
  json.add_or_null("service", row.service);
  json.add_or_null("peer_id", row.peer_id ? id_text(*row.peer_id) : "");
  json.add_or_null("local", text_of(row.local));
  json.add_or_null("remote", text_of(row.remote));
  json.add_or_null("proxied_source", row.proxied_source);
  json.add_or_null("proxied_destination", row.proxied_destination);
  json.add_or_null("proxied_id", row.proxied_id);
  json.add_or_null("upstream", row.upstream);
  json.add("state", row.state);
  json.add("opened_at", rfc3339(row.opened_at));
  json.add("age_ms", whole_milliseconds(row.age));
  json.add("idle_ms", whole_milliseconds(row.idle));
  json.add("bytes_in", row.bytes_in);
  json.add("bytes_out", row.bytes_out);
  write(json.begin("timeline"), row.timeline);
  write_or_null(json, "handshake", row.handshake);
  write_or_null(json, "tcp", row.tcp);
  write_or_null(json, "close", row.close);
}

}  // namespace tcpctl::api
