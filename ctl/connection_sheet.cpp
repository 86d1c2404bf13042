// SPDX-License-Identifier: Apache-2.0
#include "ctl/connection_sheet.hpp"

#include <fmt/format.h>

#include "ctl/cells.hpp"
#include "ctl/format.hpp"
#include "ctl/sequence_picture.hpp"
#include "ctl/sheet.hpp"
#include "ctl/time_line.hpp"

namespace tcpctl::ctl {
namespace {

std::string micros(const Json& object, std::string_view field) { return micros_cell(object, field, {}).text; }
std::string millis(const Json& object, std::string_view field) { return millis_cell(object, field, {}).text; }
std::string word(const Json& object, std::string_view field) { return object.at(field).raw(); }

void identity(Sheet& sheet, const Json& connection, const View& view) {
  const auto state = word(connection, "state");
  sheet.group("Connection " + word(connection, "id") + ", " + word(connection, "direction"));
  sheet.fact("State", state, tone_of_state(state));
  if (const auto listener = connection.text("listener")) sheet.fact("Listener", *listener);
  if (const auto client = connection.text("client")) sheet.fact("Client", *client);
  if (const auto service = connection.text("service")) sheet.fact("Service", *service);
  if (const auto peer = connection.text("peer_id")) sheet.fact("Other leg", *peer);
  if (const auto upstream = connection.text("upstream")) sheet.fact("Upstream", *upstream);
  sheet.fact("Local", word(connection, "local"));
  sheet.fact("Remote", word(connection, "remote"));
  if (const auto source = connection.text("proxied_source")) sheet.fact("Proxied for", *source);
  if (const auto to = connection.text("proxied_destination")) sheet.fact("Proxied to", *to);
  if (const auto id = connection.text("proxied_id")) sheet.fact("Proxied as", *id);
  sheet.fact("Opened", moment(connection, "opened_at", view, Precision::microseconds));
  sheet.fact("Age", millis(connection, "age_ms"));
  sheet.fact("Idle", millis(connection, "idle_ms"));
  sheet.fact("In", exact_bytes(connection, "bytes_in"));
  sheet.fact("Out", exact_bytes(connection, "bytes_out"));
}

void close_facts(Sheet& sheet, const Json& connection, const View& view) {
  const auto close = connection.at("close");
  if (!close.is_object()) return;
  sheet.group("Close");
  sheet.fact("Reason", word(close, "reason"));
  if (const auto detail = close.text("detail"); detail && !detail->empty()) sheet.fact("Detail", *detail);
  sheet.fact("Ended first by", word(close, "first") + ", with " + word(close, "how"));
  sheet.fact("Phase", word(close, "phase"));
  sheet.fact("Code", word(close, "code") + " (as HAProxy prints it)");
  sheet.fact("At", moment(close, "at", view, Precision::microseconds));
  sheet.fact("Lasted", millis(close, "duration_ms"));
}

void handshake(Sheet& sheet, const Json& connection) {
  const auto seen = connection.at("handshake");
  if (!seen.is_object()) return;
  sheet.group("Handshake");
  sheet.fact("Round trip", micros(seen, "rtt_us"));
  sheet.fact("Peer's MSS", exact_count(seen, "mss"));
  sheet.fact("Window scale", exact_count(seen, "window_scale"));
  sheet.fact("SACK", yes_no_cell(seen, "sack", {}).text);
  sheet.fact("Timestamps", yes_no_cell(seen, "timestamps", {}).text);
  sheet.fact("TTL", exact_count(seen, "ttl"));
  sheet.fact("Client's ISN", word(seen, "client_isn"));
}

std::string tcp_heading(const std::string& taken) {
  if (taken == "final") return "TCP, as the kernel saw it at the end";
  if (taken == "before_close") return "TCP, as the kernel saw it before the close";
  return "TCP, as the kernel sees it now";
}

void tcp(Sheet& sheet, const Json& connection) {
  const auto info = connection.at("tcp");
  if (!info.is_object()) return;
  sheet.group(tcp_heading(word(info, "taken")));
  sheet.fact("Round trip", micros(info, "rtt_us"));
  sheet.fact("  variance", micros(info, "rtt_var_us"));
  sheet.fact("  least", micros(info, "min_rtt_us"));
  sheet.fact("Retransmitted", exact_count(info, "retransmits_total"));
  sheet.fact("Lost", exact_count(info, "lost"));
  sheet.fact("Congestion", word(info, "congestion"));
  sheet.fact("  window", exact_count(info, "cwnd_segments") + " segments");
  sheet.fact("MSS", exact_bytes(info, "mss_bytes"));
  const auto rate = info.number("delivery_rate_bytes_per_second");
  sheet.fact("Delivery rate", rate ? bytes_text(*rate) + "/s" : "");
  sheet.fact("Segments in", exact_count(info, "segments_in"));
  sheet.fact("Segments out", exact_count(info, "segments_out"));
  sheet.fact("Unsent", exact_bytes(info, "unsent_bytes"));
  sheet.fact("Busy", micros(info, "busy_us"));
  sheet.fact("  peer's window full", micros(info, "receive_window_limited_us"));
  sheet.fact("  send buffer full", micros(info, "send_buffer_limited_us"));
}

void picture(Sheet& sheet, const Json& connection, const std::optional<Json>& peer, const View& view) {
  const auto lines = sequence_picture(sequence_of(connection, peer), view);
  if (lines.empty()) return;
  sheet.group("Sequence");
  for (const auto& line : lines) sheet.line(line);
}

}  // namespace

std::string connection_sheet(const Json& connection, const std::optional<Json>& peer, const View& view) {
  Sheet sheet{view};
  identity(sheet, connection, view);
  close_facts(sheet, connection, view);
  handshake(sheet, connection);
  tcp(sheet, connection);
  picture(sheet, connection, peer, view);
  add_time_line(sheet, connection, view);
  return sheet.text();
}

}  // namespace tcpctl::ctl
