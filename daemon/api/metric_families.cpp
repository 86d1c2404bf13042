// SPDX-License-Identifier: Apache-2.0
#include "api/metric_families.hpp"

#include <limits>

namespace tcpctl::api {

Family::Family(std::string name, std::string help, prometheus::MetricType type)
    : family_{std::move(name), std::move(help), type, {}} {}

Family Family::gauge(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge};
}
Family Family::counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter};
}
Family Family::histogram(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Histogram};
}

prometheus::ClientMetric& Family::append(Labels labels) {
  auto& metric = family_.metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

void Family::add(Labels labels, double value) {
  auto& metric = append(labels);
  metric.gauge.value = value;
  metric.counter.value = value;
}

void Family::add(Labels labels, const HistogramValues& values) {
  auto& histogram = append(labels).histogram;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    count += values.counts[i];
    const double bound =
        i < kSecondsBounds.size() ? kSecondsBounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({count, bound});
  }
  histogram.sample_count = count;
  histogram.sample_sum = values.sum;
}

}  // namespace tcpctl::api
