// SPDX-License-Identifier: Apache-2.0
#include "stats/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace tcpctl {

void HistogramValues::add(const HistogramValues& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum += other.sum;
}

std::uint64_t HistogramValues::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double HistogramValues::quantile(double share) const {
  const auto all = total();
  if (all == 0) return 0;
  const double rank = std::clamp(share, 0.0, 1.0) * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < kSecondsBounds.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (here > 0 && below + here >= rank) {
      const double lower = i == 0 ? 0 : kSecondsBounds[i - 1];
      return lower + (kSecondsBounds[i] - lower) * ((rank - below) / here);
    }
    below += here;
  }
  return kSecondsBounds.back();  // above every bound nothing better is known, as in Prometheus
}

Histogram::~Histogram() { const std::unique_ptr<Counts> owned{counts_.load()}; }

void Histogram::add(double seconds) {
  Counts* counts = counts_.load(std::memory_order_relaxed);
  if (counts == nullptr) {
    counts = std::make_unique<Counts>().release();
    counts_.store(counts, std::memory_order_release);
  }
  const double value = std::isfinite(seconds) && seconds > 0 ? seconds : 0;
  const auto* const bound = std::lower_bound(kSecondsBounds.begin(), kSecondsBounds.end(), value);
  counts->of[static_cast<std::size_t>(bound - kSecondsBounds.begin())].add();
  counts->sum_nanoseconds.add(static_cast<std::uint64_t>(value * 1e9));
}

HistogramValues Histogram::read() const {
  HistogramValues values;
  const Counts* const counts = counts_.load(std::memory_order_acquire);
  if (counts == nullptr) return values;
  for (std::size_t i = 0; i < counts->of.size(); ++i) values.counts[i] = counts->of[i].read();
  values.sum = static_cast<double>(counts->sum_nanoseconds.read()) / 1e9;
  return values;
}

}  // namespace tcpctl
