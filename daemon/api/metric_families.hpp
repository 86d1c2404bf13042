// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "stats/snapshot.hpp"

namespace tcpctl::api {

/// A metric family that is filled sample by sample. Units: what the name says; times are seconds.
///
/// Only closed vocabularies and declared names may become label values: no peer address, port or id.
class Family {
 public:
  using Labels = std::initializer_list<std::pair<const char*, std::string>>;

  static Family gauge(std::string name, std::string help);
  static Family counter(std::string name, std::string help);
  static Family histogram(std::string name, std::string help);

  void add(Labels labels, double value);
  void add(Labels labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }
  void add(Labels labels, bool value) { add(labels, value ? 1.0 : 0.0); }
  void add(Labels labels, const HistogramValues& values);

  [[nodiscard]] prometheus::MetricFamily take() && { return std::move(family_); }

 private:
  Family(std::string name, std::string help, prometheus::MetricType type);
  prometheus::ClientMetric& append(Labels labels);

  prometheus::MetricFamily family_;
};

using Families = std::vector<prometheus::MetricFamily>;
inline void put(Families& families, Family&& family) { families.push_back(std::move(family).take()); }

}  // namespace tcpctl::api
