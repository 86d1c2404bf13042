// SPDX-License-Identifier: Apache-2.0
// The table of sources behind max_connections_per_source: one more connection from one of very many
// addresses.
#include <string>

#include "stats/source_table.hpp"
#include "synthetic.hpp"

namespace tcpctl::bench {
namespace {

/// The source `number`: 10.0.0.0, 10.0.0.1 ...
Address source(std::uint64_t number) {
  return Address::from(in_addr{.s_addr = htonl(0x0A000000U + static_cast<std::uint32_t>(number))}, 4711);
}

/// So many sources with a connection each.
class Sources {
 public:
  explicit Sources(std::uint64_t count) : count_{count} {
    for (std::uint64_t i = 0; i < count; ++i) held_.push_back(*table->enter(source(i), kLimit));
  }
  Address any() { return source(random_() % count_); }
  Address nobody() { return source(count_ + 1 + random_() % count_); }

  static constexpr std::uint64_t kLimit = 10;
  std::shared_ptr<SourceTable> table = std::make_shared<SourceTable>(1);

 private:
  const std::uint64_t count_;
  std::minstd_rand random_{2006};
  std::vector<SourcePlace> held_;
};

void source_known_comes_and_goes(benchmark::State& state) {
  Sources sources{static_cast<std::uint64_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(sources.table->enter(sources.any(), Sources::kLimit));
}
BENCHMARK(source_known_comes_and_goes)->Apply(sizes);

void source_new_comes_and_goes(benchmark::State& state) {
  Sources sources{static_cast<std::uint64_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(sources.table->enter(sources.nobody(), Sources::kLimit));
}
BENCHMARK(source_new_comes_and_goes)->Apply(sizes);

void source_over_its_limit(benchmark::State& state) {
  Sources sources{static_cast<std::uint64_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(sources.table->enter(sources.any(), 1));
}
BENCHMARK(source_over_its_limit)->Apply(sizes);

}  // namespace
}  // namespace tcpctl::bench
