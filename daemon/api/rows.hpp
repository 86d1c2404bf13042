// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/reply.hpp"
#include "stats/snapshot.hpp"

/// Rows as the contract's JSON. Every member is always there; what is not known is null, never 0.
namespace tcpctl::api {

[[nodiscard]] Json to_json(const StatusRow& row);
[[nodiscard]] Json to_json(const EndsRow& row);
[[nodiscard]] Json to_json(const ListenerRow& row);
[[nodiscard]] Json to_json(const UpstreamRow& row);
[[nodiscard]] Json to_json(const ClientRow& row);
[[nodiscard]] Json to_json(const ProbeRow& row);
[[nodiscard]] Json to_json(const RunningProbeRow& row);
[[nodiscard]] Json to_json(const ReceivedRow& row);
[[nodiscard]] Json to_json(const TakenRow& row);
[[nodiscard]] Json to_json(const SentRow& row);
[[nodiscard]] Json to_json(const ServiceRow& row);
[[nodiscard]] Json to_json(const ReloadRow& row);
[[nodiscard]] Json to_json(const ChangeRow& row);
[[nodiscard]] Json to_json(const SaveRow& row);
[[nodiscard]] Json to_json(const ConfigDiffRow& row);

/// The row as JSON at the end of `out`.
void write(std::string& out, const ConnectionRow& row);

/// The pieces of which they are made.
[[nodiscard]] inline Json or_null(const std::string& text) { return text.empty() ? Json{} : Json(text); }
template <class T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json{};
}
[[nodiscard]] inline Json or_null(const Address& address) {
  return address.family() == AF_UNSPEC ? Json{} : Json(address.text());
}
/// Calls `each(name, duration)` with every phase of the probe that happened: "resolve", "connect", "step_1"
/// …, "close".
void for_each_phase(const ProbeRow& row, const std::function<void(const std::string&, Duration)>& each);
/// How many for each reason; those that there are none of are left out.
[[nodiscard]] Json closes_by_reason(const std::vector<CloseCount>& closes);
/// In milliseconds; null where there are none.
[[nodiscard]] Json quantile_ms(const HistogramValues& values, double share);
[[nodiscard]] double rounded(double value, double steps);
[[nodiscard]] Json milliseconds_or_null(const std::optional<Duration>& duration);
/// JSON text made by the configuration, as a value; null if it is none.
[[nodiscard]] Json parsed(const std::string& json);

}  // namespace tcpctl::api
