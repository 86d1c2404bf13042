// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "api/handlers.hpp"
#include "api/probe_metrics.hpp"

namespace tcpctl::api {
namespace {

constexpr std::size_t kLongestTarget = 300;  // a host's name has 253 at most
/// How much sooner than Prometheus gives up an answer has to be there; as blackbox_exporter has it.
constexpr double kOffsetSeconds = 0.5;
constexpr double kMostSeconds = 3600;

Checked<ConnectAddress> read_target(const Query& query) {
  const auto written = text(query, "target");
  if (!written || written->empty()) return refuse(400, "Target parameter is missing");
  if (written->size() > kLongestTarget) {
    return refuse(400, fmt::format("the target has {} bytes; write HOST:PORT", written->size()));
  }
  auto address = parse_connect_address(*written);
  if (!address) return refuse(400, fmt::format("target: {}", address.error().what));
  if (address->kind != ConnectAddress::Kind::literal && address->kind != ConnectAddress::Kind::host)
    return refuse(400, "the target is neither a service's name nor a path; write HOST:PORT");
  return *std::move(address);
}

/// Nothing: as long as the module says. As blackbox_exporter reads it, but that what is no number is 400.
Checked<std::optional<Duration>> read_timeout(const HttpRequest& request) {
  const auto header = request.header("x-prometheus-scrape-timeout-seconds");
  if (!header || header->empty()) return std::nullopt;
  const std::string written{*header};
  char* end = nullptr;
  const double scrape = std::strtod(written.c_str(), &end);
  if (*end != '\0' || std::isnan(scrape)) {
    return refuse(400, "X-Prometheus-Scrape-Timeout-Seconds is not a number of seconds");
  }
  const double timeout = scrape - kOffsetSeconds;
  if (timeout <= 0 || timeout > kMostSeconds) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{timeout});
}

Duration waited(const HttpRequest& request) { return request.since ? now() - *request.since : Duration{0}; }

std::string debug_text(const ControlPlane::ProbeAnswer& answer, const ConnectAddress& target) {
  return fmt::format(
      "Logs for the probe:\n{}\n\n\nMetrics that would have been returned:\n{}\n\n\nModule "
      "configuration:\n{}\n",
      probe_log(answer, target.text()), probe_metrics(answer), parsed(answer.config).dump(2));
}

}  // namespace

Reply handlers::get_probe(const Call& call) {
  const auto module = text(call.query, "module");
  if (!module || module->empty()) return problem_reply(400, "Module parameter is missing");
  const auto target = read_target(call.query);
  if (!target) return problem_reply(target.error());
  const auto timeout = read_timeout(call.request);
  if (!timeout) return problem_reply(timeout.error());
  const auto over = waited(call.request);
  if (*timeout && over >= **timeout) {
    return problem_reply(503,
                         "other probes took all the time of this scrape; probe fewer targets that hang at "
                         "once, or give the module a shorter timeout");
  }
  const auto answer = call.control.probe({.module = *module,
                                          .target = *target,
                                          .timeout = *timeout,
                                          .waited = over,
                                          .anywhere = call.role >= Role::operate,
                                          .redact = call.role < Role::operate});
  if (!answer) return problem_reply(answer.error());
  if (text(call.query, "debug") == "true")
    return {200, "text/plain; charset=utf-8", debug_text(*answer, *target), {}};
  return {200, "text/plain; version=0.0.4; charset=utf-8", probe_metrics(*answer), {}};
}

}  // namespace tcpctl::api
