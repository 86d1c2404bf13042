// SPDX-License-Identifier: Apache-2.0
#include "api/probe_metrics.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include "api/metric_families.hpp"
#include "api/rows.hpp"

namespace tcpctl::api {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void put_gauge(Families& families, const char* name, const char* help, double value) {
  auto family = Family::gauge(name, help);
  family.add({}, value);
  families.push_back(std::move(family).take());
}

const ProbeStepRow* failed_step(const ProbeRow& row) {
  const auto found = std::ranges::find(row.steps, false, &ProbeStepRow::ok);
  return row.success || found == row.steps.end() ? nullptr : &*found;
}

/// The peer's FIN came without a line that matches; as there not where reading failed: a reset, time that ran
/// out, or too much without a match. And what was to be rejected came, which is not known there.
bool failed_due_to_regex(const ProbeRow& row) {
  const auto* const step = failed_step(row);
  return step != nullptr && ((step->kind == "expect" && row.cause == "eof") || step->kind == "reject");
}

/// As many bytes came, and are others.
bool failed_due_to_bytes(const ProbeRow& row) {
  const auto* const step = failed_step(row);
  return step != nullptr && step->kind == "expect_bytes" && row.cause == "mismatch";
}

double protocol(const Address& address) {
  if (address.family() == AF_INET) return 4;
  return address.family() == AF_INET6 ? 6 : 0;
}

void add_compatible(const ControlPlane::ProbeAnswer& answer, Families& families) {
  const ProbeRow& row = answer.row;
  put_gauge(families, "probe_dns_lookup_time_seconds",
            "Returns the time taken for probe dns lookup in seconds",
            seconds(row.resolve.value_or(Duration{0})));
  put_gauge(families, "probe_duration_seconds", "Returns how long the probe took to complete in seconds",
            seconds(row.took));
  if (row.connect) {
    put_gauge(families, "probe_failed_due_to_bytes", "Indicates if probe failed due to bytes",
              failed_due_to_bytes(row) ? 1 : 0);
    put_gauge(families, "probe_failed_due_to_regex", "Indicates if probe failed due to regex",
              failed_due_to_regex(row) ? 1 : 0);
  }
  put_gauge(families, "probe_ip_addr_hash",
            "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
            address_hash(row.address));
  put_gauge(families, "probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6",
            protocol(row.address));
  put_gauge(families, "probe_success", "Displays whether or not the probe was a success",
            row.success ? 1 : 0);
  put_gauge(families, "probe_timeout_seconds", "Returns how long the probe timeout is in seconds",
            seconds(answer.timeout));
}

void add_own(const ProbeRow& row, Families& families) {
  auto phases = Family::gauge("tcpctl_probe_phase_seconds", "How long each phase took that happened.");
  for_each_phase(
      row, [&](const std::string& phase, Duration took) { phases.add({{"phase", phase}}, seconds(took)); });
  families.push_back(std::move(phases).take());
  auto result = Family::gauge("tcpctl_probe_result", "The result word, with the step that failed; 1.");
  result.add(
      {{"result", row.result}, {"failed_step", row.failed_step ? fmt::to_string(*row.failed_step) : ""}},
      true);
  families.push_back(std::move(result).take());
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
}

/// A line as blackbox_exporter's log has it; `fields` are written already.
void say(std::string& log, std::string_view level, std::string_view message, std::string_view fields = {}) {
  log += fmt::format("level={} msg=\"{}\"{}{}\n", level, message, fields.empty() ? "" : " ", fields);
}

std::string took(Duration duration) { return fmt::format("duration_seconds={:.6f}", seconds(duration)); }

}  // namespace

std::uint32_t address_hash(const Address& address) {
  sockaddr_storage storage{};
  (void)address.to(storage);
  std::span<const std::uint8_t> bytes;
  if (address.family() == AF_INET) {
    bytes = {reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in&>(storage).sin_addr),
             4};
  } else if (address.family() == AF_INET6) {
    bytes = {reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr),
             16};
  } else {
    return 0;
  }
  constexpr std::uint32_t kOffset = 2166136261U;
  constexpr std::uint32_t kPrime = 16777619U;
  std::uint32_t hash = kOffset;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * kPrime;
  return hash;
}

std::string probe_metrics(const ControlPlane::ProbeAnswer& answer) {
  Families families;
  add_compatible(answer, families);
  add_own(answer.row, families);
  return prometheus::TextSerializer{}.Serialize(families);
}

std::string probe_log(const ControlPlane::ProbeAnswer& answer, std::string_view target) {
  const ProbeRow& row = answer.row;
  std::string log;
  say(log, "debug", "Beginning probe",
      fmt::format("probe=tcp target={} timeout_seconds={}", target, seconds(answer.timeout)));
  if (row.resolve) say(log, "debug", "Looked up target", took(*row.resolve));
  if (row.connect) {
    say(log, "debug", "Connected", fmt::format("address={} {}", row.address.text(), took(*row.connect)));
  } else if (row.address.family() != AF_UNSPEC) {
    say(log, "error", "Could not connect", fmt::format("address={}", row.address.text()));
  }
  for (const auto& step : row.steps) {
    say(log, step.ok ? "debug" : "error", step.ok ? "Step was taken" : "Step failed",
        fmt::format("step={} kind={} {}", step.n, step.kind, took(step.took)));
  }
  if (row.close) say(log, "debug", "Connection ended", took(*row.close));
  const auto got = row.got.empty() ? std::string{} : fmt::format(" got={}", dump(Json(row.got)));
  say(log, row.success ? "debug" : "error", row.success ? "Probe succeeded" : "Probe failed",
      fmt::format("result={}{} {}", row.result, got, took(row.took)));
  return log;
}

}  // namespace tcpctl::api
