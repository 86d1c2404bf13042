// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

Json phases_json(const ProbeRow& row) {
  return {{"resolve", milliseconds_or_null(row.resolve)},
          {"connect", milliseconds_or_null(row.connect)},
          {"close", milliseconds_or_null(row.close)}};
}

Json steps_json(const ProbeRow& row) {
  Json steps = Json::array();
  for (const auto& step : row.steps) {
    steps.push_back({{"n", step.n}, {"kind", step.kind}, {"ok", step.ok}, {"ms", milliseconds(step.took)}});
  }
  return steps;
}

}  // namespace

void for_each_phase(const ProbeRow& row, const std::function<void(const std::string&, Duration)>& each) {
  if (row.resolve) each("resolve", *row.resolve);
  if (row.connect) each("connect", *row.connect);
  for (const auto& step : row.steps) each(fmt::format("step_{}", step.n), step.took);
  if (row.close) each("close", *row.close);
}

Json to_json(const ProbeRow& row) {
  return {{"success", row.success},
          {"result", row.result},
          {"failed_step", or_null(row.failed_step)},
          {"got", or_null(row.got)},
          {"address", or_null(row.address)},
          {"at", rfc3339(row.at)},
          {"duration_ms", milliseconds(row.took)},
          {"phases_ms", phases_json(row)},
          {"steps", steps_json(row)}};
}

Json to_json(const RunningProbeRow& row) {
  const bool is_waiting = row.step > 0;
  return {{"at", rfc3339(row.so_far.at)},
          {"duration_ms", milliseconds(row.so_far.took)},
          {"address", or_null(row.so_far.address)},
          {"phase", row.phase},
          {"phases_ms", phases_json(row.so_far)},
          {"steps", steps_json(row.so_far)},
          {"step", is_waiting ? Json{{"n", row.step}, {"kind", row.step_kind}} : Json{}}};
}

}  // namespace tcpctl::api
