// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/life.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "ctl/json.hpp"
#include "tcp/connect_failure.hpp"
#include "tcp/socket.hpp"

namespace tcpctl::ctl {
namespace {

/// The daemon's words for why a connect failed.
struct Refusal {
  Life::Word first, how, reason;
};

Refusal refusal(int error) {
  if (error == ECANCELED) return {"local", "abort", "local_done"};
  switch (tcp::connect_failure(error)) {
    case tcp::ConnectFailure::refused:
      return {"remote", "rst", "connect_refused"};
    case tcp::ConnectFailure::no_listener:
      return {"unknown", "abort", "connect_refused"};
    case tcp::ConnectFailure::timed_out:
      return {"local", "timeout", "connect_timeout"};
    case tcp::ConnectFailure::no_resources:
      return {"local", "abort", "resource"};
    case tcp::ConnectFailure::unreachable:
      break;
  }
  return {"unknown", "abort", "connect_unreachable"};
}

std::string in_quotes(std::string_view text) { return json_string(text).value_or("null"); }
std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : in_quotes(text); }
std::string text_or_null(const Address& address) {
  return address.family() == AF_UNSPEC ? "null" : in_quotes(address.text());
}

template <class Number>
std::string number_or_null(const std::optional<Number>& number) {
  return number ? fmt::format("{}", *number) : "null";
}

}  // namespace

void Life::take(std::vector<Attempt> attempts) {
  attempts_ = std::move(attempts);
  if (attempts_.empty()) return;
  const auto connected = std::ranges::find(attempts_, 0, &Attempt::error);
  const auto& told = connected == attempts_.end() ? attempts_.back() : *connected;
  remote_ = told.to;
  seen("syn_sent", told.begun);
  if (told.error == 0) {
    seen("established", told.ended);
    close_.phase = "data";
    return;
  }
  const auto [first, how, reason] = refusal(told.error);
  if (how == "rst") seen("rst_received", told.ended);
  note_first(first, how);
  note_reason(reason, told.error == ETIMEDOUT ? "no answer to SYN" : errno_text(told.error));
  seen("closed", told.ended);
}

void Life::take_socket(int fd) {
  local_ = tcp::local_address(fd);
  congestion = tcp::read_congestion(fd);
  info = tcp::read_info(fd);
  if (info && info->rtt_us > 0) handshake_rtt_us_ = info->rtt_us;
}

void Life::seen(Word event, Instant at) {
  const auto known = std::ranges::find(timeline_, event, &Entry::event);
  if (known != timeline_.end() && known->at) return;
  if (known != timeline_.end()) timeline_.erase(known);
  for (const auto& entry : timeline_) at = std::max(at, entry.at.value_or(at));
  timeline_.push_back({event, at});
}

void Life::inferred(Word event) {
  if (!has(event)) timeline_.push_back({event, std::nullopt});
}

bool Life::has(Word event) const {
  return std::ranges::find(timeline_, event, &Entry::event) != timeline_.end();
}

void Life::note_first(Word first, Word how) {
  if (close_.first) return;
  close_.first = first;
  close_.how = how;
}

void Life::note_reason(Word reason, std::string_view detail) {
  if (close_.reason) return;
  close_.reason = reason;
  add_detail(detail);
}

void Life::add_detail(std::string_view words) {
  if (words.empty()) return;
  if (!close_.detail.empty()) close_.detail += "; ";
  close_.detail += words;
}

std::optional<Duration> Life::handshake() const {
  const auto connected = std::ranges::find(attempts_, 0, &Attempt::error);
  if (connected == attempts_.end()) return std::nullopt;
  return connected->ended - connected->begun;
}

std::string Life::wall(Instant at) const { return in_quotes(rfc3339(to_wall(at, opened_, opened_wall_))); }

std::string Life::timeline_json() const {
  std::string out;
  for (const auto& entry : timeline_) {
    out += fmt::format(R"({}{{"at": {}, "event": "{}", "basis": "{}"}})", out.empty() ? "" : ", ",
                       entry.at ? wall(*entry.at) : "null", entry.event, entry.at ? "seen" : "inferred");
  }
  return out;
}

std::string Life::attempts_json() const {
  std::string out;
  for (const auto& attempt : attempts_) {
    out += fmt::format(R"({}{{"address": {}, "at": {}, "ms": {}, "error": {}}})", out.empty() ? "" : ", ",
                       in_quotes(attempt.to.text()), wall(attempt.begun),
                       milliseconds_text(attempt.ended - attempt.begun),
                       attempt.error == 0 ? "null" : in_quotes(errno_text(attempt.error)));
  }
  return out;
}

std::string Life::tcp_json() const {
  if (!info) return "null";
  const bool is_last = info->state == tcp::State::closed || info->state == tcp::State::syn_sent;
  return fmt::format(
      R"({{"taken": "{}", "rtt_us": {}, "rtt_var_us": {}, "min_rtt_us": {}, "retransmits_total": {}, )"
      R"("lost": {}, "cwnd_segments": {}, "mss_bytes": {}, "delivery_rate_bytes_per_second": {}, )"
      R"("segments_in": {}, "segments_out": {}, "unsent_bytes": {}, "receive_window_limited_us": {}, )"
      R"("send_buffer_limited_us": {}, "busy_us": {}, "congestion": {}}})",
      is_last ? "final" : "before_close", info->rtt_us, info->rtt_var_us, number_or_null(info->min_rtt_us),
      info->retransmits, info->lost, info->cwnd_segments, info->mss_bytes,
      number_or_null(info->delivery_rate_bytes_per_second), number_or_null(info->segments_in),
      number_or_null(info->segments_out), number_or_null(info->unsent_bytes),
      number_or_null(info->receive_window_limited_us), number_or_null(info->send_buffer_limited_us),
      number_or_null(info->busy_us), quoted_or_null(congestion));
}

std::string Life::close_json() const {
  const auto closed = std::ranges::find(timeline_, Word{"closed"}, &Entry::event);
  if (closed == timeline_.end() || !closed->at) return "null";
  return fmt::format(
      R"({{"at": {}, "first": "{}", "how": "{}", "reason": "{}", "phase": "{}", "detail": {}, )"
      R"("duration_ms": {}}})",
      wall(*closed->at), close_.first.value_or("unknown"), close_.how, close_.reason.value_or("unknown"),
      close_.phase, in_quotes(close_.detail), milliseconds_text(*closed->at - opened_));
}

std::string_view Life::state() const {
  if (has("time_wait")) return tcp::text(tcp::State::time_wait);
  if (has("rst_sent") || has("rst_received") || !info) return tcp::text(tcp::State::closed);
  return tcp::text(info->state);
}

std::string Life::json() const {
  std::string addresses;
  for (const auto& each : resolved) addresses += (addresses.empty() ? "" : ", ") + in_quotes(each.text());
  return fmt::format(
      R"({{"target": {}, "resolved": [{}], "attempts": [{}], "direction": "outbound", "local": {}, )"
      R"("remote": {}, "state": "{}", "opened_at": {}, "bytes_in": {}, "bytes_out": {}, )"
      R"("timeline": [{}], "handshake": {{"ms": {}, "rtt_us": {}}}, "tcp": {}, "close": {}}})",
      in_quotes(target), addresses, attempts_json(), text_or_null(local_), text_or_null(remote_), state(),
      wall(opened_), bytes_in, bytes_out, timeline_json(),
      handshake() ? milliseconds_text(*handshake()) : "null", number_or_null(handshake_rtt_us_), tcp_json(),
      close_json());
}

}  // namespace tcpctl::ctl
