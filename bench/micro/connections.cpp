// SPDX-License-Identifier: Apache-2.0
// The set of a worker's connections, pages of listings, and the count of states for a scrape.
#include "connections/listing.hpp"
#include "connections/tally.hpp"
#include "synthetic.hpp"

namespace tcpctl::bench {
namespace {

void connection_find(benchmark::State& state) {
  Crowd crowd{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(crowd.worker().find(crowd.any()));
}
BENCHMARK(connection_find)->Apply(sizes);

void connection_open_and_close(benchmark::State& state) {
  Crowd crowd{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    Connection& connection = crowd.add();
    crowd.worker().retire(connection);
    crowd.turn();
  }
}
BENCHMARK(connection_open_and_close)->Apply(sizes);

/// A whole page, slice after slice, without the turns of the loop between them.
ConnectionPage open_page(const Worker& worker, const ConnectionQuery& query) {
  return list_page(std::make_shared<const ListTerms>(ListTerms{query, ListTerms::Of::open}), 1,
                   [&](const auto&, const auto& question_of) {
                     auto answer = question_of(std::size_t{0})(worker);
                     std::vector<decltype(answer)> answers;
                     answers.push_back(std::move(answer));
                     return Result<decltype(answers)>{std::move(answers)};
                   })
      .value();
}

ConnectionQuery first_page() {
  ConnectionQuery query;
  query.limit = 100;
  return query;
}

/// A page of 100 from the middle of the list, as `next` leads there.
void page_of_100(benchmark::State& state, bool descending) {
  ConnectionQuery query = first_page();
  query.descending = descending;
  Crowd crowd{static_cast<std::size_t>(state.range(0))};
  query.cursor = "i0." + std::to_string(static_cast<std::uint64_t>(crowd.any()));
  for (auto _ : state) benchmark::DoNotOptimize(open_page(crowd.worker(), query));
}
BENCHMARK_CAPTURE(page_of_100, ascending, false)->Apply(sizes);
BENCHMARK_CAPTURE(page_of_100, descending, true)->Apply(sizes);

/// A filter has to look at all of them: linear, shown for each connection.
void page_of_100_filtered(benchmark::State& state) {
  Crowd crowd{static_cast<std::size_t>(state.range(0))};
  ConnectionQuery query = first_page();
  query.listener = "synthetic";
  for (auto _ : state) benchmark::DoNotOptimize(open_page(crowd.worker(), query));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(page_of_100_filtered)->Apply(sizes)->Unit(benchmark::kMillisecond);

/// One slice of the count behind tcpctl_connections{state=...}.
void slice_of_states(benchmark::State& state) {
  Crowd crowd{static_cast<std::size_t>(state.range(0))};
  StateTally tally;
  for (auto _ : state) {
    if (!tally.count(crowd.worker())) tally = {};
  }
}
BENCHMARK(slice_of_states)->Apply(sizes);

}  // namespace
}  // namespace tcpctl::bench
