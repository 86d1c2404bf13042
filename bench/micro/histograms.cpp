// SPDX-License-Identifier: Apache-2.0
// Histograms: one value more after many.
#include "stats/histogram.hpp"
#include "synthetic.hpp"

namespace tcpctl::bench {
namespace {

void fill(Histogram& histogram, std::int64_t values) {
  for (std::int64_t i = 0; i < values; ++i) histogram.add(static_cast<double>(i % 1000) / 1e3);
}

void histogram_add(benchmark::State& state) {
  Histogram histogram;
  fill(histogram, state.range(0));
  double seconds = 0.0001;
  for (auto _ : state) {
    histogram.add(seconds);
    seconds = seconds > 1 ? 0.0001 : seconds * 1.01;
  }
}
BENCHMARK(histogram_add)->Apply(sizes);

void histogram_read_p99(benchmark::State& state) {
  Histogram histogram;
  fill(histogram, state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(histogram.read().quantile(0.99));
}
BENCHMARK(histogram_read_p99)->Apply(sizes);

}  // namespace
}  // namespace tcpctl::bench
