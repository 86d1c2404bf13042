// SPDX-License-Identifier: Apache-2.0
// What of a Carry can be written down.
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/carry.hpp"
#include "tcp/sock_diag.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

/// A row of values that are known by their place: thousands of objects with names would take longer than all
/// else at a restart.
class Row {
 public:
  template <class Value>
  Row& add(Value&& value) {
    values_.emplace_back(std::forward<Value>(value));
    return *this;
  }
  Row& add_bytes(const std::string& text) { return add(json::binary({text.begin(), text.end()})); }
  Row& add_time(Instant when) { return add(when.time_since_epoch().count()); }
  Row& add_time(WallTime when) { return add(when.time_since_epoch().count()); }
  [[nodiscard]] json take() { return json(std::move(values_)); }

 private:
  json::array_t values_;
};

/// Throws what json throws, where a value is missing or of another type.
class Reader {
 public:
  explicit Reader(const json& row) : row_{row} {}
  [[nodiscard]] const json& next() { return row_.at(next_++); }
  template <class Value>
  [[nodiscard]] Value next() {
    return next().get<Value>();
  }
  [[nodiscard]] std::string bytes() {
    const auto& binary = next().get_binary();
    return {binary.begin(), binary.end()};
  }
  [[nodiscard]] Instant instant() { return Instant{Duration{next<std::int64_t>()}}; }
  [[nodiscard]] WallTime wall_time() { return WallTime{WallTime::duration{next<std::int64_t>()}}; }
  [[nodiscard]] bool is_over() const { return next_ >= row_.size(); }

 private:
  const json& row_;
  std::size_t next_{0};
};

constexpr std::string_view kUnix = "unix:";

json write(const Address& address) { return address.family() == AF_UNSPEC ? json{} : json(address.text()); }

Address address(const json& value) {
  if (value.is_null()) return {};
  const auto& text = value.get_ref<const std::string&>();
  if (text.starts_with(kUnix)) return Address::unix_path(text.substr(kUnix.size()));
  auto parsed = parse_ip_port(text);
  if (!parsed) throw std::invalid_argument{parsed.error().what};
  return *std::move(parsed);
}

/// The inferred ones as bits, then each that was seen with its moment.
json write(const Timeline& timeline) {
  Row row;
  unsigned inferred = 0;
  for (unsigned i = 0; i < kTimelineEvents; ++i) {
    if (timeline.is_inferred(static_cast<TimelineEvent>(i))) inferred |= 1U << i;
  }
  row.add(inferred);
  for (const auto& [event, at] : timeline.moments()) row.add(static_cast<int>(event)).add_time(at);
  return row.take();
}

Timeline timeline(const json& value) {
  Timeline timeline;
  Reader row{value};
  const auto inferred = row.next<unsigned>();
  while (!row.is_over()) {
    const auto number = row.next<std::size_t>();
    if (number >= kTimelineEvents) throw std::out_of_range{"no such event"};
    const auto event = static_cast<TimelineEvent>(number);
    const Instant at = row.instant();
    if (!timeline.has(event)) timeline.seen(event, at);
  }
  for (unsigned i = 0; i < kTimelineEvents; ++i) {
    if ((inferred & (1U << i)) != 0) timeline.inferred(static_cast<TimelineEvent>(i));
  }
  return timeline;
}

json write(const std::optional<tcp::SavedSyn>& syn) {
  if (!syn) return {};
  Row row;
  row.add(syn->isn).add(syn->ttl).add(bool{syn->sack}).add(bool{syn->timestamps});
  row.add(syn->mss ? json(*syn->mss) : json{}).add(syn->window_scale ? json(*syn->window_scale) : json{});
  return row.take();
}

std::optional<tcp::SavedSyn> saved_syn(const json& value) {
  if (value.is_null()) return std::nullopt;
  Reader row{value};
  tcp::SavedSyn syn;
  syn.isn = row.next<std::uint32_t>();
  syn.ttl = row.next<std::uint8_t>();
  syn.sack = row.next<bool>();
  syn.timestamps = row.next<bool>();
  if (const json& mss = row.next(); !mss.is_null()) syn.mss = mss.get<std::uint16_t>();
  if (const json& scale = row.next(); !scale.is_null()) syn.window_scale = scale.get<std::uint8_t>();
  return syn;
}

json write(const MaybeProxied& proxied) {
  if (!proxied) return {};
  Row row;
  row.add(write(proxied->source)).add(write(proxied->destination)).add_bytes(proxied->id);
  return row.take();
}

MaybeProxied proxied(const json& value) {
  if (value.is_null()) return {};
  Reader row{value};
  Proxied read;
  read.source = address(row.next());
  read.destination = address(row.next());
  read.id = row.bytes();
  return MaybeProxied{std::move(read)};
}

json write(const Facts& facts) {
  Row row;
  row.add(static_cast<std::uint64_t>(facts.id)).add(static_cast<std::uint64_t>(facts.peer_id));
  row.add(facts.direction == Direction::inbound).add(write(facts.remote));
  row.add_time(facts.opened).add_time(facts.opened_wall).add_time(facts.last_active);
  row.add(facts.bytes_in).add(facts.bytes_out).add(facts.handshake_rtt_us);
  row.add(write(facts.timeline)).add(write(facts.syn)).add(write(facts.proxied));
  row.add(facts.upstream ? json(*facts.upstream) : json{});
  return row.take();
}

Facts facts(const json& value) {
  Reader row{value};
  Facts facts;
  facts.id = ConnectionId{row.next<std::uint64_t>()};
  facts.peer_id = ConnectionId{row.next<std::uint64_t>()};
  facts.direction = row.next<bool>() ? Direction::inbound : Direction::outbound;
  facts.remote = address(row.next());
  facts.opened = row.instant();
  facts.opened_wall = row.wall_time();
  facts.last_active = row.instant();
  facts.bytes_in = row.next<std::uint64_t>();
  facts.bytes_out = row.next<std::uint64_t>();
  facts.handshake_rtt_us = row.next<std::uint32_t>();
  facts.timeline = timeline(row.next());
  facts.syn = saved_syn(row.next());
  facts.proxied = proxied(row.next());
  if (const json& upstream = row.next(); !upstream.is_null())
    facts.upstream = std::make_shared<const std::string>(upstream.get<std::string>());
  return facts;
}

// The cookie is the socket's own name, whoever has it.
json write(const CarriedLeg& leg) {
  Row row;
  row.add(tcp::read_cookie(leg.fd.get())).add_bytes(leg.queued).add(write(leg.facts));
  return row.take();
}

/// The sockets that came, in the order of the legs.
class Sockets {
 public:
  explicit Sockets(std::vector<Fd> sockets) : sockets_{std::move(sockets)} {}
  /// The next one, if that is it.
  [[nodiscard]] Fd take(std::uint64_t cookie) {
    if (next_ >= sockets_.size()) return {};
    Fd fd = std::move(sockets_[next_++]);
    return tcp::read_cookie(fd.get()) == cookie ? std::move(fd) : Fd{};
  }

 private:
  std::vector<Fd> sockets_;
  std::size_t next_{0};
};

CarriedLeg leg(const json& value, Sockets& sockets) {
  Reader row{value};
  CarriedLeg leg;
  leg.fd = sockets.take(row.next<std::uint64_t>());
  leg.queued = row.bytes();
  leg.facts = facts(row.next());
  return leg;
}

json write(const CarriedSlot& slot) {
  Row row;
  row.add(slot.number).add(slot.attempts).add(slot.failures).add_time(slot.since).add_time(slot.up_since);
  return row.take();
}

CarriedSlot slot(const json& value) {
  Reader row{value};
  CarriedSlot slot;
  slot.number = row.next<std::uint32_t>();
  slot.attempts = row.next<std::uint64_t>();
  slot.failures = row.next<std::uint32_t>();
  slot.since = row.wall_time();
  slot.up_since = row.instant();
  return slot;
}

json write(const CarriedSession& session) {
  Row row;
  row.add(session.owner).add(session.is_of_client).add(session.service).add(write(session.leg));
  row.add(session.upstream ? write(*session.upstream) : json{});
  row.add(json(session.state.numbers)).add_bytes(session.state.bytes).add_bytes(session.held);
  row.add(session.is_of_client ? write(session.slot) : json{});
  return row.take();
}

CarriedSession session(const json& value, Sockets& sockets) {
  Reader row{value};
  CarriedSession session;
  session.owner = row.next<std::string>();
  session.is_of_client = row.next<bool>();
  session.service = row.next<std::string>();
  session.leg = leg(row.next(), sockets);
  if (const json& upstream = row.next(); !upstream.is_null()) session.upstream = leg(upstream, sockets);
  session.state.numbers = row.next<std::vector<std::uint64_t>>();
  session.state.bytes = row.bytes();
  session.held = row.bytes();
  if (const json& of_client = row.next(); session.is_of_client) session.slot = slot(of_client);
  return session;
}

json write(const ByteRing::Saved& ring) {
  Row row;
  row.add(ring.begin).add(ring.taken).add(ring.overwritten).add_bytes(ring.bytes);
  return row.take();
}

ByteRing::Saved ring(const json& value) {
  Reader row{value};
  ByteRing::Saved ring;
  ring.begin = row.next<std::uint64_t>();
  ring.taken = row.next<std::uint64_t>();
  ring.overwritten = row.next<std::uint64_t>();
  ring.bytes = row.bytes();
  return ring;
}

Carry read(const json& value, std::vector<Fd> came) {
  Carry carry;
  carry.left = Instant{Duration{value.at("left").get<std::int64_t>()}};
  carry.sequences = value.at("sequences").get<std::vector<std::uint64_t>>();
  Sockets sockets{std::move(came)};
  for (const auto& one : value.at("sessions")) {
    CarriedSession read = session(one, sockets);
    if (read.leg.fd && (!read.upstream || read.upstream->fd)) {
      carry.sessions.push_back(std::move(read));
    } else {
      ++carry.missing;
    }
  }
  for (const auto& [client, saved] : value.at("received").items()) carry.received[client] = ring(saved);
  return carry;
}

}  // namespace

std::string write_carry(const Carry& carry) {
  json sessions = json::array(), received = json::object();
  for (const auto& session : carry.sessions) sessions.push_back(write(session));
  for (const auto& [client, ring] : carry.received) received[client] = write(ring);
  const json value{{"version", kVersion},
                   {"left", carry.left.time_since_epoch().count()},
                   {"sequences", carry.sequences},
                   {"sessions", std::move(sessions)},
                   {"received", std::move(received)}};
  std::string text;
  json::to_cbor(value, text);
  return text;
}

Result<Carry> read_carry(const std::string& text, std::vector<Fd> sockets) {
  try {
    const json value = json::from_cbor(text);
    if (const int version = value.at("version"); version != kVersion)
      return fail(Errc::invalid_argument, fmt::format("it has version {}, not {}", version, kVersion));
    return read(value, std::move(sockets));
  } catch (const std::exception& error) {
    return fail(Errc::invalid_argument, fmt::format("it cannot be read: {}", error.what()));
  }
}

}  // namespace tcpctl
