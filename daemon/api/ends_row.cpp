// SPDX-License-Identifier: Apache-2.0
#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

/// Only the buckets that have something in them, not cumulative.
Json buckets_json(const HistogramValues& values) {
  Json buckets = Json::array();
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    if (values.counts[i] == 0) continue;
    const bool is_bounded = i < kSecondsBounds.size();
    buckets.push_back({{"le", is_bounded ? Json(rounded(kSecondsBounds[i] * 1e3, 1e3)) : Json{}},
                       {"count", values.counts[i]}});
  }
  return buckets;
}

Json histogram_ms(const HistogramValues& values) {
  const auto total = values.total();
  return {{"count", total},
          {"mean", total > 0 ? Json(rounded(values.sum * 1e3 / static_cast<double>(total), 1e3)) : Json{}},
          {"p50", quantile_ms(values, 0.5)},
          {"p90", quantile_ms(values, 0.9)},
          {"p99", quantile_ms(values, 0.99)},
          {"buckets", buckets_json(values)}};
}

Json closes_json(const std::vector<CloseCount>& closes) {
  Json json = Json::array();
  for (const auto& close : closes) {
    json.push_back({{"first", text(close.first)},
                    {"how", text(close.how)},
                    {"reason", text(close.reason)},
                    {"total", close.count}});
  }
  return json;
}

}  // namespace

Json quantile_ms(const HistogramValues& values, double share) {
  if (values.total() == 0) return {};
  return rounded(values.quantile(share) * 1e3, 1e3);
}

Json closes_by_reason(const std::vector<CloseCount>& closes) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const auto& close : closes) counts[text(close.reason)] += close.count;
  Json json = Json::object();
  for (const auto& [reason, count] : counts) json[std::string{reason}] = count;
  return json;
}

Json to_json(const EndsRow& row) {
  return {{"closes_by_reason", closes_by_reason(row.closes)},
          {"closes", closes_json(row.closes)},
          {"duration_ms", histogram_ms(row.duration)},
          {"rtt_ms", histogram_ms(row.rtt)}};
}

}  // namespace tcpctl::api
