// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stats/counter.hpp"

namespace tcpctl {

/// Counts of values below fixed bounds, for one writer; `cumulative` is what Prometheus calls buckets.
/// Units: the bounds and the values are seconds.
inline constexpr std::array<double, 14> kSecondsBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.05,   0.25,    1,      5,     30,     300,   3600};

struct HistogramValues {
  std::array<std::uint64_t, kSecondsBounds.size() + 1> counts{};  // the last: above every bound
  double sum{0};
  void add(const HistogramValues& other);
  [[nodiscard]] std::uint64_t total() const;
  /// The value below which `share` (0 .. 1) of all lie, interpolated in its bucket; 0 if there are none.
  [[nodiscard]] double quantile(double share) const;
};

/// Made at the first value, so that thousands of which nothing is known yet cost nothing.
class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;
  ~Histogram();

  void add(double seconds);
  [[nodiscard]] HistogramValues read() const;

 private:
  struct Counts {
    std::array<Counter, kSecondsBounds.size() + 1> of;
    Counter sum_nanoseconds;
  };
  std::atomic<Counts*> counts_{nullptr};
};

}  // namespace tcpctl
