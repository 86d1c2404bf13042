// SPDX-License-Identifier: Apache-2.0
// What of a Carry can be written down.
#include <array>
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

json bytes(const std::string& text) { return json::binary({text.begin(), text.end()}); }
std::string bytes(const json& value) {
  const auto& binary = value.get_binary();
  return {binary.begin(), binary.end()};
}

std::int64_t nanoseconds(Instant when) { return when.time_since_epoch().count(); }
Instant instant(const json& value) { return Instant{Duration{value.get<std::int64_t>()}}; }
std::int64_t nanoseconds(WallTime when) { return when.time_since_epoch().count(); }
WallTime wall_time(const json& value) { return WallTime{WallTime::duration{value.get<std::int64_t>()}}; }

constexpr std::string_view kUnix = "unix:";

json write(const Address& address) { return address.family() == AF_UNSPEC ? json{} : json(address.text()); }

Address address(const json& value) {
  if (value.is_null()) return {};
  const auto text = value.get<std::string>();
  if (text.starts_with(kUnix)) return Address::unix_path(text.substr(kUnix.size()));
  auto parsed = parse_ip_port(text);
  if (!parsed) throw std::invalid_argument{parsed.error().what};
  return *std::move(parsed);
}

json write(const Timeline& timeline) {
  json seen = json::array(), inferred = json::array();
  for (const auto& [event, at] : timeline.moments())
    seen.push_back({static_cast<int>(event), nanoseconds(at)});
  for (std::size_t i = 0; i < kTimelineEvents; ++i) {
    if (timeline.is_inferred(static_cast<TimelineEvent>(i))) inferred.push_back(i);
  }
  return {{"seen", std::move(seen)}, {"inferred", std::move(inferred)}};
}

TimelineEvent event(const json& value) {
  const auto number = value.get<std::size_t>();
  if (number >= kTimelineEvents) throw std::out_of_range{"no such event"};
  return static_cast<TimelineEvent>(number);
}

Timeline timeline(const json& value) {
  Timeline timeline;
  // As many as there are events: each is seen once.
  for (const auto& one : value.at("seen")) {
    const TimelineEvent seen = event(one.at(0));
    if (!timeline.has(seen)) timeline.seen(seen, instant(one.at(1)));
  }
  for (const auto& one : value.at("inferred")) timeline.inferred(event(one));
  return timeline;
}

json write(const tcp::SavedSyn& syn) {
  json value{
      {"isn", syn.isn}, {"ttl", syn.ttl}, {"sack", bool{syn.sack}}, {"timestamps", bool{syn.timestamps}}};
  if (syn.mss) value["mss"] = *syn.mss;
  if (syn.window_scale) value["window_scale"] = *syn.window_scale;
  return value;
}

tcp::SavedSyn saved_syn(const json& value) {
  tcp::SavedSyn syn;
  syn.isn = value.at("isn");
  syn.ttl = value.at("ttl");
  syn.sack = value.at("sack").get<bool>();
  syn.timestamps = value.at("timestamps").get<bool>();
  if (value.contains("mss")) syn.mss = value.at("mss").get<std::uint16_t>();
  if (value.contains("window_scale")) syn.window_scale = value.at("window_scale").get<std::uint8_t>();
  return syn;
}

json write(const Facts& facts) {
  json value{{"id", static_cast<std::uint64_t>(facts.id)},
             {"remote", write(facts.remote)},
             {"peer", static_cast<std::uint64_t>(facts.peer_id)},
             {"opened", nanoseconds(facts.opened)},
             {"opened_wall", nanoseconds(facts.opened_wall)},
             {"last_active", nanoseconds(facts.last_active)},
             {"bytes_in", facts.bytes_in},
             {"bytes_out", facts.bytes_out},
             {"timeline", write(facts.timeline)},
             {"rtt", facts.handshake_rtt_us},
             {"inbound", facts.direction == Direction::inbound}};
  if (facts.upstream) value["upstream"] = *facts.upstream;
  if (facts.syn) value["syn"] = write(*facts.syn);
  if (facts.proxied) {
    value["proxied"] = {{"source", write(facts.proxied->source)},
                        {"destination", write(facts.proxied->destination)},
                        {"id", bytes(facts.proxied->id)}};
  }
  return value;
}

Facts facts(const json& value) {
  Facts facts;
  facts.id = ConnectionId{value.at("id").get<std::uint64_t>()};
  facts.remote = address(value.at("remote"));
  facts.peer_id = ConnectionId{value.at("peer").get<std::uint64_t>()};
  facts.opened = instant(value.at("opened"));
  facts.opened_wall = wall_time(value.at("opened_wall"));
  facts.last_active = instant(value.at("last_active"));
  facts.bytes_in = value.at("bytes_in");
  facts.bytes_out = value.at("bytes_out");
  facts.timeline = timeline(value.at("timeline"));
  facts.handshake_rtt_us = value.at("rtt");
  facts.direction = value.at("inbound").get<bool>() ? Direction::inbound : Direction::outbound;
  if (value.contains("upstream"))
    facts.upstream = std::make_shared<const std::string>(value.at("upstream").get<std::string>());
  if (value.contains("syn")) facts.syn = saved_syn(value.at("syn"));
  if (value.contains("proxied")) {
    const json& proxied = value.at("proxied");
    facts.proxied = MaybeProxied{
        Proxied{address(proxied.at("source")), address(proxied.at("destination")), bytes(proxied.at("id"))}};
  }
  return facts;
}

// The cookie is the socket's own name, whoever has it.
json write(const CarriedLeg& leg) {
  return {
      {"facts", write(leg.facts)}, {"queued", bytes(leg.queued)}, {"cookie", tcp::read_cookie(leg.fd.get())}};
}

/// Takes the leg's socket from `sockets`, where that is it; else the leg has none.
CarriedLeg leg(const json& value, std::vector<Fd>& sockets, std::size_t& next) {
  CarriedLeg leg{{}, facts(value.at("facts")), bytes(value.at("queued"))};
  if (next >= sockets.size()) return leg;
  Fd fd = std::move(sockets[next++]);
  if (tcp::read_cookie(fd.get()) == value.at("cookie").get<std::uint64_t>()) leg.fd = std::move(fd);
  return leg;
}

json write(const CarriedSession& session) {
  json value{{"owner", session.owner},           {"of_client", session.is_of_client},
             {"service", session.service},       {"leg", write(session.leg)},
             {"numbers", session.state.numbers}, {"bytes", bytes(session.state.bytes)},
             {"held", bytes(session.held)}};
  if (session.upstream) value["upstream"] = write(*session.upstream);
  if (session.is_of_client) {
    const CarriedSlot& slot = session.slot;
    value["slot"] = {slot.number, slot.attempts, slot.failures, nanoseconds(slot.since),
                     nanoseconds(slot.up_since)};
  }
  return value;
}

CarriedSession session(const json& value, std::vector<Fd>& sockets, std::size_t& next) {
  CarriedSession session;
  session.owner = value.at("owner");
  session.is_of_client = value.at("of_client");
  session.service = value.at("service");
  session.leg = leg(value.at("leg"), sockets, next);
  session.state = {value.at("numbers").get<std::vector<std::uint64_t>>(), bytes(value.at("bytes"))};
  session.held = bytes(value.at("held"));
  if (value.contains("upstream")) session.upstream = leg(value.at("upstream"), sockets, next);
  if (session.is_of_client) {
    const json& slot = value.at("slot");
    session.slot = {slot.at(0), slot.at(1), slot.at(2), wall_time(slot.at(3)), instant(slot.at(4))};
  }
  return session;
}

json write(const ByteRing::Saved& ring) {
  return {{"begin", ring.begin},
          {"taken", ring.taken},
          {"overwritten", ring.overwritten},
          {"bytes", bytes(ring.bytes)}};
}

Carry read(const json& value, std::vector<Fd> sockets) {
  Carry carry;
  carry.left = instant(value.at("left"));
  carry.sequences = value.at("sequences").get<std::vector<std::uint64_t>>();
  std::size_t next = 0;
  for (const auto& one : value.at("sessions")) {
    CarriedSession read = session(one, sockets, next);
    if (read.leg.fd && (!read.upstream || read.upstream->fd)) {
      carry.sessions.push_back(std::move(read));
    } else {
      ++carry.missing;
    }
  }
  for (const auto& [client, ring] : value.at("received").items()) {
    carry.received[client] = {ring.at("begin"), ring.at("taken"), ring.at("overwritten"),
                              bytes(ring.at("bytes"))};
  }
  return carry;
}

}  // namespace

std::string write_carry(const Carry& carry) {
  json sessions = json::array(), received = json::object();
  for (const auto& session : carry.sessions) sessions.push_back(write(session));
  for (const auto& [client, ring] : carry.received) received[client] = write(ring);
  const json value{{"version", kVersion},
                   {"left", nanoseconds(carry.left)},
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
