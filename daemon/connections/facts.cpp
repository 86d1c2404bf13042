// SPDX-License-Identifier: Apache-2.0
#include "connections/facts.hpp"

#include <utility>

#include "base/text.hpp"

namespace tcpctl {
namespace {

HandshakeRow handshake_row(const Facts& facts) {
  HandshakeRow row;
  if (facts.handshake_rtt_us > 0) row.rtt_us = facts.handshake_rtt_us;
  if (facts.syn) {
    row.client_isn = facts.syn->isn;
    row.mss = facts.syn->mss;
    row.window_scale = facts.syn->window_scale;
    row.sack = facts.syn->sack;
    row.timestamps = facts.syn->timestamps;
    row.ttl = facts.syn->ttl;
  }
  return row;
}

/// A Unix path from a PROXY header may have any bytes.
std::string shown(const Address& address) { return escaped(as_bytes(address.text())); }

/// Whose peer ended it: both legs of a session have one reason, and the code of the side that gave it.
Direction cause_side(const Facts& facts, Reason reason) {
  const bool is_own = reason == Reason::peer_rst    ? facts.timeline.has(TimelineEvent::rst_received)
                      : reason == Reason::dead_peer ? !facts.timeline.has(TimelineEvent::rst_sent)
                                                    : true;
  if (is_own) return facts.direction;
  return facts.direction == Direction::inbound ? Direction::outbound : Direction::inbound;
}

}  // namespace

std::size_t heap_bytes(const Address& address) {
  return address.is_unix() ? allocated(sizeof(std::string)) + heap_bytes(address.host()) : 0;
}

std::size_t MaybeProxied::heap_bytes() const {
  if (!proxied_) return 0;
  return allocated(sizeof(Proxied)) + tcpctl::heap_bytes(proxied_->source) +
         tcpctl::heap_bytes(proxied_->destination) + tcpctl::heap_bytes(proxied_->id);
}

std::size_t heap_bytes(const Facts& facts) {
  return heap_bytes(facts.remote) + facts.proxied.heap_bytes() + facts.timeline.heap_bytes() +
         facts.close.detail.heap_bytes();
}

TcpRow to_row(const tcp::Info& info, std::string_view taken, std::string congestion) {
  TcpRow row{};
  row.taken = taken;
  row.rtt_us = info.rtt_us;
  row.rtt_var_us = info.rtt_var_us;
  row.min_rtt_us = info.min_rtt_us;
  row.retransmits = info.retransmits;
  row.lost = info.lost;
  row.cwnd_segments = info.cwnd_segments;
  row.mss_bytes = info.mss_bytes;
  row.delivery_rate = info.delivery_rate_bytes_per_second;
  row.segments_in = info.segments_in;
  row.segments_out = info.segments_out;
  row.unsent_bytes = info.unsent_bytes;
  row.receive_window_limited_us = info.receive_window_limited_us;
  row.send_buffer_limited_us = info.send_buffer_limited_us;
  row.busy_us = info.busy_us;
  row.congestion = std::move(congestion);
  return row;
}

ConnectionRow to_row(const Facts& facts, Instant now) {
  ConnectionRow row{};
  row.id = facts.id;
  row.direction = facts.direction;
  (facts.owner->kind == Owner::Kind::listener ? row.listener : row.client) = facts.owner->name;
  row.service = facts.owner->service;
  if (facts.peer_id != ConnectionId{}) row.peer_id = facts.peer_id;
  row.remote = facts.remote;
  if (facts.has_proxied_ends()) {
    row.proxied_source = shown(facts.proxied->source);
    row.proxied_destination = shown(facts.proxied->destination);
  }
  if (facts.proxied) row.proxied_id = escaped(as_bytes(facts.proxied->id));
  if (facts.upstream) row.upstream = *facts.upstream;
  row.opened_at = facts.opened_wall;
  row.age = now - facts.opened;
  row.idle = now - facts.last_active;
  row.bytes_in = facts.bytes_in;
  row.bytes_out = facts.bytes_out;
  row.timeline = facts.timeline.rows(facts.opened, facts.opened_wall, facts.close.first == First::remote);
  if (!facts.remote.is_unix()) row.handshake = handshake_row(facts);
  return row;
}

CloseRow close_row(const Facts& facts) {
  const CloseFacts& close = facts.close;
  CloseRow row{};
  row.at = to_wall(close.at, facts.opened, facts.opened_wall);
  row.first = close.first.value_or(First::unknown);
  row.how = close.how;
  row.reason = close.reason.value_or(Reason::unknown);
  row.phase = close.phase;
  row.code = termination_code(cause_side(facts, row.reason), row.reason, close.phase);
  row.detail = close.detail.get();
  row.duration = close.at - facts.opened;
  return row;
}

}  // namespace tcpctl
