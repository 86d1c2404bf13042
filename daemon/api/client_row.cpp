// SPDX-License-Identifier: Apache-2.0
#include "api/digest.hpp"
#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

Json share_or_null(const std::optional<double>& share) { return share ? Json(rounded(*share, 1e5)) : Json{}; }

Json whole_ms_or_null(const std::optional<Duration>& duration) {
  return duration ? Json(duration->count() / 1'000'000) : Json{};
}

Json quantiles(const HistogramValues& values) {
  return {{"p50", quantile_ms(values, 0.5)}, {"p99", quantile_ms(values, 0.99)}};
}

Json recent_json(const std::vector<std::optional<Duration>>& recent) {
  Json json = Json::array();
  for (const auto& took : recent) json.push_back(milliseconds_or_null(took));
  return json;
}

Json to_json(const HeartbeatRow& row) {
  return {{"sent_total", row.sent},
          {"answered_total", row.answered},
          {"missed_total", row.missed},
          {"last_ms", milliseconds_or_null(row.last)},
          {"answer_ms", quantiles(row.took)}};
}

Json to_json(const AttemptRow& row) {
  return {{"at", rfc3339(row.at)},
          {"address", or_null(row.address)},
          {"outcome", row.outcome},
          {"took_ms", milliseconds(row.took)},
          {"stood_ms", milliseconds_or_null(row.stood)},
          {"ended", or_null(row.ended)}};
}

Json to_json(const SlotRow& row) {
  Json history = Json::array();
  for (const auto& attempt : row.history) history.push_back(to_json(attempt));
  return {{"n", row.n},
          {"state", row.state},
          {"since", rfc3339(row.since)},
          {"connection", row.connection ? Json(id_text(*row.connection)) : Json{}},
          {"attempts_total", row.attempts},
          {"failures_in_row", row.failures},
          {"next_attempt_in_ms", whole_ms_or_null(row.next_attempt_in)},
          {"last_attempts", std::move(history)}};
}

Json slots_json(const std::optional<std::vector<SlotRow>>& slots) {
  if (!slots) return {};
  Json json = Json::array();
  for (const auto& slot : *slots) json.push_back(to_json(slot));
  return json;
}

}  // namespace

Json to_json(const ClientRow& row) {
  const auto& probing = row.probing;
  return {
      {"name", row.name},
      {"source", row.source},
      {"mode", row.mode},
      {"state", row.state},
      {"error", or_null(row.error)},
      {"address", row.address},
      {"resolved", Json(row.resolved)},
      {"resolve_error", or_null(row.resolve_error)},
      {"connections",
       {{"wanted", row.wanted},
        {"up", row.up},
        {"connecting", row.connecting},
        {"backing_off", row.backing_off}}},
      {"attempts_total", row.attempts},
      {"failures_total", Json(row.failures)},
      {"next_attempt_in_ms", whole_ms_or_null(row.next_attempt_in)},
      {"last_failure", or_null(row.last_failure)},
      {"last_probe", row.last_probe ? to_json(*row.last_probe) : Json{}},
      {"since", probing && probing->since ? Json(rfc3339(*probing->since)) : Json{}},
      {"in_row", probing ? Json(probing->in_row) : Json{}},
      {"results_total", probing ? Json(probing->results) : Json{}},
      {"skipped_total", probing ? Json(probing->skipped) : Json{}},
      {"late_total", probing ? Json(probing->late) : Json{}},
      {"running", probing && probing->running ? to_json(*probing->running) : Json{}},
      {"availability", {{"hour", share_or_null(row.up_last_hour)}, {"day", share_or_null(row.up_last_day)}}},
      {"connect_ms", quantiles(row.connect_time)},
      {"recent_ms", recent_json(row.recent)},
      {"heartbeat", row.heartbeat ? to_json(*row.heartbeat) : Json{}},
      {"slots", slots_json(row.slots)},
      {"received_overwritten_bytes_total", row.overwritten},
      {"bytes_in_total", row.bytes_in},
      {"bytes_out_total", row.bytes_out},
      {"ends", to_json(row.ends)},
      {"config", parsed(row.config)}};
}

Json to_json(const SentRow& row) {
  return {{"sent_bytes", row.sent},
          {"kernel_bytes", row.kernel},
          {"acked", or_null(row.acked)},
          {"acked_after_ms", milliseconds_or_null(row.acked_after)},
          {"ended", or_null(row.ended)}};
}

Json to_json(const ReceivedRow& row) {
  return {{"from", row.from},
          {"next", row.next},
          {"lost_bytes", row.lost},
          {"overwritten_total", row.overwritten},
          {"taken", or_null(row.taken)},
          {"text", row.data},
          {"base64", to_base64(row.data)}};
}

Json to_json(const TakenRow& row) {
  return {{"taken", or_null(row.taken)}, {"untaken_bytes", or_null(row.untaken)}};
}

}  // namespace tcpctl::api
