// SPDX-License-Identifier: Apache-2.0
// Deadlines on the wheel: what one costs while many others are set.
#include <deque>

#include "engine/wheel.hpp"
#include "synthetic.hpp"

namespace tcpctl::bench {
namespace {

using std::chrono::milliseconds;

struct Alarm final : Deadline {
  void on_deadline() override { ++fired; }
  static inline std::uint64_t fired = 0;
};

/// Deadlines as idle timeouts set them: within the next ten minutes.
class Alarms {
 public:
  explicit Alarms(std::size_t count) : alarms_(count) {
    for (Alarm& alarm : alarms_) wheel.set(alarm, in_the_next(milliseconds{600'000}));
  }
  Alarm& any() { return alarms_[random_() % alarms_.size()]; }
  Instant in_the_next(milliseconds span) {
    return start + milliseconds{1 + random_() % static_cast<std::uint64_t>(span.count())};
  }

  Loop loop{"timers"};
  Wheel wheel{loop};
  Instant start = now();

 private:
  std::minstd_rand random_{2006};
  std::deque<Alarm> alarms_;
};

/// What the machine's memory takes by itself: one entry among so many is read and written, nothing else.
void memory_alone(benchmark::State& state) {
  struct alignas(64) Entry {
    std::uint64_t value{0};
  };
  std::vector<Entry> entries(static_cast<std::size_t>(state.range(0)));
  std::minstd_rand random{2006};
  for (auto _ : state) benchmark::DoNotOptimize(++entries[random() % entries.size()].value);
}
BENCHMARK(memory_alone)->Apply(sizes);

void timer_set_anew(benchmark::State& state) {
  Alarms alarms{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) alarms.wheel.set(alarms.any(), alarms.in_the_next(milliseconds{600'000}));
}
BENCHMARK(timer_set_anew)->Apply(sizes);

void timer_cancel_and_set(benchmark::State& state) {
  Alarms alarms{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    Alarm& one = alarms.any();
    Wheel::cancel(one);
    alarms.wheel.set(one, alarms.in_the_next(milliseconds{600'000}));
  }
}
BENCHMARK(timer_cancel_and_set)->Apply(sizes);

/// All of them come due over ten minutes: the cost of each, with every hand-down between the levels on its
/// way.
void timer_fire(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto alarms = std::make_unique<Alarms>(count);
    state.ResumeTiming();
    for (int tenth = 1; tenth <= 6001; ++tenth)
      alarms->wheel.advance(alarms->start + milliseconds{100} * tenth);
    state.PauseTiming();
    if (alarms->wheel.size() != 0) state.SkipWithError("a deadline did not come due");
    alarms.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(timer_fire)->Apply(sizes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tcpctl::bench
