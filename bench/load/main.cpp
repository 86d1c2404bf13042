// SPDX-License-Identifier: Apache-2.0
// The load generator: see kUsage. Results are one JSON object on stdout.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "common.hpp"
#include "workload.hpp"

namespace tcpctl::bench {
namespace {

constexpr std::string_view kUsage =
    "usage: load MODE --to ADDRESS [--connections 1] [--threads 2] [--ms 1000] [--size 64] ...\n"
    "  echo    round trips, each connection waits for its answer; --count N ends a thread after N\n"
    "  open    --rate N messages a second, latency from the moment each was due\n"
    "  bulk    --direction up|down|both, against `backend bulk`; --count N ends a connection after N bytes "
    "each "
    "way\n"
    "  conn    connect, one exchange, close; --reset 1 closes with RST; --count N as with echo\n"
    "  idle    holds the connections until stdin ends\n"
    "--handshake 1 prints \"ready\" once the connections stand, begins at a line on stdin, and keeps the "
    "connections\n"
    "after the result until stdin ends, so that a caller can measure exactly the time between.\n";

using Factory = std::unique_ptr<Workload> (*)(const Plan&);

Factory factory_of(const Arguments& arguments) {
  static const std::map<std::string, Factory> modes{{"echo", make_closed_echo},
                                                    {"open", make_open_echo},
                                                    {"bulk", make_bulk},
                                                    {"conn", make_connects},
                                                    {"idle", make_idle}};
  const auto mode = modes.find(arguments.word());
  if (mode == modes.end()) arguments.refuse("unknown mode '" + arguments.word() + "'");
  return mode->second;
}

Direction direction_of(const Arguments& arguments) {
  const std::string& text = arguments.text("direction");
  if (text == "up") return Direction::up;
  if (text == "down") return Direction::down;
  if (text == "both") return Direction::both;
  arguments.refuse("--direction takes up, down or both, not '" + text + "'");
}

/// The plan of each thread: connections are shared out, and no thread is left without one.
std::vector<Plan> plans_of(const Arguments& arguments) {
  const auto connections = std::max<std::uint64_t>(arguments.number("connections"), 1);
  const auto threads = std::clamp<std::uint64_t>(arguments.number("threads"), 1, connections);
  Plan plan;
  plan.to = parse_address(arguments.text("to"));
  plan.message_bytes = arguments.number("size");
  if (plan.message_bytes == 0 || plan.message_bytes > Pattern::kMaxChunk)
    arguments.refuse("--size: 1 to 262144");
  plan.duration_ns = static_cast<std::int64_t>(arguments.number("ms")) * 1'000'000;
  plan.count = arguments.number("count");
  plan.rate = static_cast<double>(arguments.number("rate")) / static_cast<double>(threads);
  if (arguments.word() == "open" && plan.rate <= 0) arguments.refuse("open needs --rate");
  plan.direction = direction_of(arguments);
  plan.reset = arguments.flag("reset");

  std::vector<Plan> plans(threads, plan);
  for (unsigned i = 0; i < threads; ++i) {
    plans[i].thread = i;
    plans[i].connections = connections / threads + (i < connections % threads ? 1 : 0);
  }
  return plans;
}

void print(const std::string& mode, const Outcome& outcome, double seconds) {
  const auto microseconds = [](const LatencyHistogram& histogram, double quantile) {
    return static_cast<double>(histogram.at(quantile)) / 1e3;
  };
  std::printf(
      "{\"mode\": \"%s\", \"units\": %llu, \"seconds\": %.6f, \"rate\": %.1f, \"errors\": %llu, \"p50_us\": "
      "%.2f, "
      "\"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, \"generator_late_p99_us\": %.2f}\n",
      mode.c_str(), static_cast<unsigned long long>(outcome.units), seconds,
      static_cast<double>(outcome.units) / seconds, static_cast<unsigned long long>(outcome.errors),
      microseconds(outcome.latency, 0.5), microseconds(outcome.latency, 0.99),
      microseconds(outcome.latency, 0.999), microseconds(outcome.latency, 1),
      microseconds(outcome.lateness, 0.99));
  std::fflush(stdout);
  if (outcome.errors > 0) std::fprintf(stderr, "%s\n", outcome.first_error.c_str());
}

void wait_for(char wanted) {
  for (int c = std::cin.get(); c != std::char_traits<char>::eof() && c != wanted;) c = std::cin.get();
}

int load(const Arguments& arguments) {
  raise_file_limit();
  const bool idle = arguments.word() == "idle";
  const bool handshake = arguments.flag("handshake");
  const auto factory = factory_of(arguments);
  std::vector<std::unique_ptr<Workload>> workloads;
  for (const Plan& plan : plans_of(arguments)) workloads.push_back(factory(plan));
  const auto threads = static_cast<unsigned>(workloads.size());

  run_threads(threads, [&workloads](unsigned i) { workloads[i]->prepare(); });
  if (handshake) {
    std::puts("ready");
    std::fflush(stdout);
    wait_for('\n');
  }
  const auto start = now_ns();
  run_threads(threads, [&workloads](unsigned i) { workloads[i]->run(); });
  const auto seconds = static_cast<double>(now_ns() - start) / 1e9;

  Outcome total;
  for (const auto& workload : workloads) total.merge(workload->outcome());
  print(arguments.word(), total, seconds);
  if (handshake || idle) wait_for(std::char_traits<char>::eof());
  return total.errors > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace
}  // namespace tcpctl::bench

int main(int argc, char** argv) {
  using namespace tcpctl::bench;
  const Arguments arguments{argc,
                            argv,
                            {{"to", ""},
                             {"connections", "1"},
                             {"threads", "2"},
                             {"ms", "1000"},
                             {"count", "0"},
                             {"size", "64"},
                             {"rate", "0"},
                             {"direction", "up"},
                             {"reset", "0"},
                             {"handshake", "0"}},
                            kUsage};
  return load(arguments);
}
