// SPDX-License-Identifier: Apache-2.0
#include "ctl/trace/tracer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace tcpctl::ctl::trace {
namespace {

std::string name_of(const Connection& connection) {
  return connection.id.empty() ? fmt::format("#{}", connection.number) : connection.id;
}

}  // namespace

Tracer::Tracer(Context& context, const Traced& traced, const Wishes& wishes)
    : context_{context},
      traced_{traced},
      wishes_{wishes},
      diagram_{shape_of(traced), context.view()},
      flows_{traced.scope},
      ids_{context} {
  if (context.for_people() && !wishes.writes_stdout()) drawn_ = diagram_.heading();
}

Shape Tracer::shape_of(const Traced& traced) {
  return {.lifelines = traced.lifelines,
          .addresses = traced.addresses,
          .many = !traced.is_single(),
          .states = traced.is_single()};
}

void Tracer::take(Link link, std::string_view bytes, std::size_t wire_length, WallTime at) {
  ++tally_.frames;
  const auto segment = decode(link, bytes, wire_length);
  if (!segment) {
    switch (segment.error()) {
      case Skipped::other:
        ++tally_.other;
        return;
      case Skipped::fragment:
        ++tally_.fragments;
        return;
      case Skipped::cut:
        ++tally_.cut;
        return;
      case Skipped::malformed:
        ++tally_.malformed;
        return;
    }
  }
  const auto found = flows_.find(*segment, at);
  if (found.connection.flow.is_copy(*segment, found.from)) {
    ++tally_.copies;
    return;
  }
  ++tally_.segments;
  const auto place = found.connection.flow.take(*segment, found.from, at);
  const bool learnt = traced_.has_daemon && ids_.learn(found.connection);
  draw(*segment, place, at, found.connection, found.fresh, learnt);
}

void Tracer::draw(const Segment& segment, const Place& place, WallTime at, const Connection& connection,
                  bool fresh, bool learnt) {
  if (wishes_.writes_stdout()) return;
  if (context_.format() == Format::json) {
    drawn_ += segment_json(segment, place, at, connection.id, connection.number, wishes_.style);
    drawn_ += "\n";
    return;
  }
  if (!start_) start_ = at;
  const auto time = since_text(*start_, at);
  if (fresh)
    announce(connection, time,
             fmt::format("{} to {}", connection.initiator.text(), connection.responder.text()));
  if (learnt) announce(connection, time, fmt::format("is #{}", connection.number));
  const auto lane = lane_of(connection);
  Diagram::Row row{.time = time,
                   .connection = name_of(connection),
                   .from = lane + place.from,
                   .to = lane + 1 - place.from,
                   .words = words_of(segment, place, wishes_.style),
                   .below = wishes_.style.payload ? payload_text(segment, diagram_.room()) : "",
                   .tone = tone_of(segment, place),
                   .states = changes(place, connection)};
  drawn_ += diagram_.row(row);
}

void Tracer::announce(const Connection& connection, const std::string& time, const std::string& text) {
  if (!traced_.is_single()) drawn_ += diagram_.remark(time, name_of(connection), text);
}

/// The lifeline of its initiator; the responder's is the next one.
std::size_t Tracer::lane_of(const Connection& connection) const {
  const bool connected = connection.standing.role == Standing::Role::connected;
  return connected ? traced_.lifelines.size() - 2 : 0;
}

/// The states that are new; of three lifelines that of tcpctl's own end alone.
std::array<std::string, 2> Tracer::changes(const Place& place, const Connection& connection) {
  auto& shown = shown_[connection.number];
  if (shown_.size() > Flows::kMost) shown_.erase(shown_.begin());
  std::array<std::string, 2> texts;
  for (std::size_t end = 0; end < 2; ++end) {
    if (place.states[end] && shown[end] != place.states[end])
      texts[end] = std::string{tcp::text(*place.states[end])};
  }
  shown = place.states;
  if (traced_.lifelines.size() == 2) return texts;
  const auto ours = connection.standing.ours;
  if (!ours || texts[*ours].empty()) return {};
  const auto other = lane_of(connection) + 1 - *ours;
  return {"", fmt::format("{}: {}", traced_.lifelines[other], texts[*ours])};
}

void Tracer::flush() { context_.print(std::exchange(drawn_, {})); }

bool Tracer::is_done() const {
  if (wishes_.count && tally_.segments >= *wishes_.count) return true;
  if (traced_.kind != Traced::Kind::connection) return false;
  const auto& all = flows_.all();
  const auto is_over = [&](const Scope::Pair& pair) {
    const auto& initiator = pair.inbound ? pair.remote : pair.local;
    const auto& responder = pair.inbound ? pair.local : pair.remote;
    return std::ranges::any_of(all, [&](const Connection& each) {
      return each.initiator == initiator && each.responder == responder && each.flow.is_over();
    });
  };
  return std::ranges::all_of(traced_.scope.pairs, is_over);
}

}  // namespace tcpctl::ctl::trace
