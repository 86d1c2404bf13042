// SPDX-License-Identifier: Apache-2.0
#include "ctl/columns.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "ctl/cells.hpp"

namespace tcpctl::ctl {
namespace {

/// Where it listens: what is bound, or configured where nothing is; "+N" for further ones.
Cell addresses_cell(const Json& row, std::string_view field, const View& view) {
  std::string text;
  std::size_t more = 0;
  for (const auto& address : row.items(field)) {
    const auto bound = address.text("bound").value_or(address.text("configured").value_or(""));
    if (text.empty()) {
      text = bound;
    } else if (view.wide) {
      text += " " + bound;
    } else {
      ++more;
    }
  }
  return {more == 0 ? text : text + " +" + std::to_string(more)};
}

Cell error_cell(const Json& row, std::string_view field, const View&) {
  const auto error = row.text(field).value_or("");
  return {error, error.empty() ? Tone::plain : Tone::bad};
}

/// "3/4096": of all addresses together; nothing where the kernel tells it of none.
Cell accept_queue_cell(const Json& row, std::string_view field, const View&) {
  std::uint64_t waiting = 0;
  std::uint64_t most = 0;
  for (const auto& address : row.items(field)) {
    waiting += address.count("queue").value_or(0);
    most += address.count("queue_max").value_or(0);
  }
  if (most == 0) return {};
  return {fmt::format("{}/{}", waiting, most), waiting > most / 2 ? Tone::warn : Tone::plain};
}

/// What a connection belongs to.
Cell owner_cell(const Json& row, std::string_view, const View&) {
  return {row.text("listener").value_or(row.text("client").value_or(""))};
}

Cell direction_cell(const Json& row, std::string_view field, const View&) {
  const auto direction = row.text(field).value_or("");
  if (direction == "inbound") return {"in"};
  return {direction == "outbound" ? "out" : direction};
}

Cell up_of_wanted_cell(const Json& row, std::string_view, const View&) {
  const auto up = row.count("connections.up");
  const auto wanted = row.count("connections.wanted");
  if (!up || !wanted) return {};
  return {std::to_string(*up) + "/" + std::to_string(*wanted)};
}

Cell last_probe_cell(const Json& row, std::string_view field, const View&) {
  const auto success = row.truth(std::string{field} + ".success");
  const auto result = row.text(std::string{field} + ".result").value_or("");
  if (!success) return {};
  return {result, *success ? Tone::good : Tone::bad};
}

/// "remote fin": who ended it, and how.
Cell end_cell(const Json& row, std::string_view, const View&) {
  const auto first = row.text("close.first");
  const auto how = row.text("close.how");
  if (!first || !how) return {};
  return {*first + " " + *how, *how == "fin" ? Tone::plain : Tone::warn};
}

}  // namespace

std::vector<Column> listener_columns() {
  return {
      {.title = "NAME", .field = "name", .rank = 0, .min = 12},
      {.title = "STATE", .field = "state", .rank = 0, .show = state_cell},
      {.title = "SERVICE", .field = "service", .rank = 3},
      {.title = "ADDRESS", .field = "addresses", .rank = 2, .min = 15, .show = addresses_cell},
      {.title = "ACTIVE",
       .field = "connections.active",
       .align = Align::right,
       .rank = 1,
       .show = count_cell},
      {.title = "PEAK", .field = "connections.peak", .align = Align::right, .wide = true, .show = count_cell},
      {.title = "QUEUE",
       .field = "addresses",
       .align = Align::right,
       .wide = true,
       .show = accept_queue_cell},
      {.title = "ACCEPTED",
       .field = "connections.accepted_total",
       .align = Align::right,
       .rank = 7,
       .show = count_cell},
      {.title = "REFUSED",
       .field = "connections.refused_total",
       .align = Align::right,
       .rank = 8,
       .show = sum_cell},
      {.title = "IN", .field = "bytes_in_total", .align = Align::right, .rank = 4, .show = bytes_cell},
      {.title = "OUT", .field = "bytes_out_total", .align = Align::right, .rank = 4, .show = bytes_cell},
      {.title = "SOURCE", .field = "source", .wide = true},
      {.title = "ERROR", .field = "error", .rank = 6, .min = 12, .show = error_cell}};
}

std::vector<Column> client_columns() {
  return {
      {.title = "NAME", .field = "name", .rank = 0, .min = 12},
      {.title = "MODE", .field = "mode", .rank = 5},
      {.title = "STATE", .field = "state", .rank = 0, .show = state_cell},
      {.title = "ADDRESS", .field = "address", .rank = 2, .min = 15},
      {.title = "UP", .field = "connections.up", .align = Align::right, .rank = 1, .show = up_of_wanted_cell},
      {.title = "PROBE", .field = "last_probe", .rank = 3, .show = last_probe_cell},
      {.title = "ATTEMPTS", .field = "attempts_total", .align = Align::right, .rank = 8, .show = count_cell},
      {.title = "FAILED", .field = "failures_total", .align = Align::right, .rank = 7, .show = sum_cell},
      {.title = "IN", .field = "bytes_in_total", .align = Align::right, .rank = 4, .show = bytes_cell},
      {.title = "OUT", .field = "bytes_out_total", .align = Align::right, .rank = 4, .show = bytes_cell},
      {.title = "NEXT TRY",
       .field = "next_attempt_in_ms",
       .align = Align::right,
       .rank = 6,
       .restless = true,
       .show = millis_cell},
      {.title = "SOURCE", .field = "source", .wide = true},
      {.title = "LAST FAILURE", .field = "last_failure", .rank = 6, .min = 12, .show = error_cell}};
}

std::vector<Column> connection_columns() {
  return {{.title = "ID", .field = "id", .rank = 0},
          {.title = "DIR", .field = "direction", .rank = 6, .show = direction_cell},
          {.title = "OWNER", .field = "listener", .rank = 1, .min = 8, .show = owner_cell},
          {.title = "CLIENT", .field = "client", .wide = true},
          {.title = "SERVICE", .field = "service", .wide = true},
          {.title = "STATE", .field = "state", .rank = 0, .show = state_cell},
          {.title = "LOCAL", .field = "local", .rank = 7, .min = 15},
          {.title = "REMOTE", .field = "remote", .rank = 0, .min = 15},
          {.title = "PROXIED FOR", .field = "proxied_source", .wide = true},
          {.title = "PEER", .field = "peer_id", .rank = 8},
          {.title = "UPSTREAM", .field = "upstream", .wide = true},
          {.title = "AGE",
           .field = "age_ms",
           .align = Align::right,
           .rank = 3,
           .restless = true,
           .show = millis_cell},
          {.title = "IDLE",
           .field = "idle_ms",
           .align = Align::right,
           .rank = 5,
           .restless = true,
           .show = millis_cell},
          {.title = "IN", .field = "bytes_in", .align = Align::right, .rank = 2, .show = bytes_cell},
          {.title = "OUT", .field = "bytes_out", .align = Align::right, .rank = 2, .show = bytes_cell},
          {.title = "RTT", .field = "tcp.rtt_us", .align = Align::right, .rank = 4, .show = micros_cell},
          {.title = "RETRANS",
           .field = "tcp.retransmits_total",
           .align = Align::right,
           .wide = true,
           .show = count_cell},
          {.title = "OPENED", .field = "opened_at", .wide = true, .show = time_cell}};
}

std::vector<Column> history_columns() {
  return {{.title = "ID", .field = "id", .rank = 0},
          {.title = "DIR", .field = "direction", .rank = 6, .show = direction_cell},
          {.title = "OWNER", .field = "listener", .rank = 2, .min = 8, .show = owner_cell},
          {.title = "CLIENT", .field = "client", .wide = true},
          {.title = "SERVICE", .field = "service", .wide = true},
          {.title = "LOCAL", .field = "local", .wide = true},
          {.title = "REMOTE", .field = "remote", .rank = 1, .min = 15},
          {.title = "PROXIED FOR", .field = "proxied_source", .wide = true},
          {.title = "PEER", .field = "peer_id", .rank = 9},
          {.title = "CLOSED", .field = "close.at", .rank = 5, .show = time_cell},
          {.title = "LASTED",
           .field = "close.duration_ms",
           .align = Align::right,
           .rank = 4,
           .show = millis_cell},
          {.title = "ENDED BY", .field = "close.first", .rank = 3, .show = end_cell},
          {.title = "REASON", .field = "close.reason", .rank = 0},
          {.title = "HOW", .field = "close.how", .wide = true},
          {.title = "PHASE", .field = "close.phase", .wide = true},
          {.title = "CODE", .field = "close.code", .rank = 8},
          {.title = "IN", .field = "bytes_in", .align = Align::right, .rank = 7, .show = bytes_cell},
          {.title = "OUT", .field = "bytes_out", .align = Align::right, .rank = 7, .show = bytes_cell},
          {.title = "STATE", .field = "state", .wide = true, .show = state_cell},
          {.title = "DETAIL", .field = "close.detail", .wide = true}};
}

}  // namespace tcpctl::ctl
