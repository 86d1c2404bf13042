// SPDX-License-Identifier: Apache-2.0
#include "connections/listing.hpp"

namespace tcpctl {
namespace {

using Field = Comparison::Field;

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
}

std::optional<std::uint64_t> value_of(Field field, const Facts& facts, Instant now) {
  switch (field) {
    case Field::age:
      return nanoseconds(now - facts.opened);
    case Field::idle:
      return nanoseconds(now - facts.last_active);
    case Field::bytes_in:
      return facts.bytes_in;
    case Field::bytes_out:
      return facts.bytes_out;
    case Field::bytes:
      return facts.bytes_in + facts.bytes_out;
    case Field::peer_port:
      if (facts.remote.is_unix()) return std::nullopt;
      return facts.remote.port();
    case Field::handshake_rtt:
      if (facts.handshake_rtt_us == 0) return std::nullopt;
      return facts.handshake_rtt_us * std::uint64_t{1000};
    default:
      return std::nullopt;
  }
}

std::optional<std::uint64_t> value_of(Field field, const TcpRow& tcp) {
  switch (field) {
    case Field::rtt:
      return tcp.rtt_us * std::uint64_t{1000};
    case Field::rtt_var:
      return tcp.rtt_var_us * std::uint64_t{1000};
    case Field::min_rtt:
      if (!tcp.min_rtt_us) return std::nullopt;
      return *tcp.min_rtt_us * std::uint64_t{1000};
    case Field::retransmits:
      return tcp.retransmits;
    case Field::lost:
      return tcp.lost;
    case Field::cwnd:
      return tcp.cwnd_segments;
    case Field::mss:
      return tcp.mss_bytes;
    case Field::delivery_rate:
      return tcp.delivery_rate;
    case Field::unsent:
      return tcp.unsent_bytes;
    case Field::segments_in:
      return tcp.segments_in;
    case Field::segments_out:
      return tcp.segments_out;
    default:
      return std::nullopt;
  }
}

bool holds(const Comparison& comparison, const std::optional<std::uint64_t>& value) {
  return value && comparison.holds(*value);
}

bool is_of_local(const Comparison& comparison) { return comparison.field == Field::local_port; }

}  // namespace

bool wants_local(const ConnectionQuery& query) {
  return query.local || std::ranges::any_of(query.where, is_of_local);
}

bool matches(const Address& local, const ConnectionQuery& query) {
  if (query.local && !query.local->contains(local)) return false;
  return std::ranges::all_of(query.where, [&](const Comparison& each) {
    return !is_of_local(each) || (!local.is_unix() && each.holds(local.port()));
  });
}

bool wants_tcp(const ConnectionQuery& query) {
  return query.sort == ConnectionQuery::Sort::rtt || query.sort == ConnectionQuery::Sort::retransmits ||
         std::ranges::any_of(query.where, &Comparison::is_of_tcp);
}

bool matches(const std::optional<TcpRow>& tcp, const ConnectionQuery& query) {
  return std::ranges::all_of(query.where, [&](const Comparison& each) {
    return !each.is_of_tcp() || (tcp && holds(each, value_of(each.field, *tcp)));
  });
}

bool matches(const Facts& facts, const ConnectionQuery& query, Instant now) {
  const bool is_listener = facts.owner->kind == Owner::Kind::listener;
  if (query.listener && (!is_listener || facts.owner->name != *query.listener)) return false;
  if (query.client && (is_listener || facts.owner->name != *query.client)) return false;
  if (query.service && facts.owner->service != *query.service) return false;
  if (query.direction && facts.direction != *query.direction) return false;
  if (query.peer && !query.peer->contains(facts.remote) && !query.peer->contains(facts.source()))
    return false;
  if (query.older_than && now - facts.opened < *query.older_than) return false;
  if (query.min_bytes && facts.bytes_in + facts.bytes_out < *query.min_bytes) return false;
  return std::ranges::all_of(query.where, [&](const Comparison& each) {
    return each.is_of_tcp() || is_of_local(each) || holds(each, value_of(each.field, facts, now));
  });
}

}  // namespace tcpctl
