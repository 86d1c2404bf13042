// SPDX-License-Identifier: Apache-2.0
// The runner of steps. Input: a byte that chooses the steps, a byte for the size of the pieces, then what the
// peer sends. It stays within its window, comes to one end, and says why in one line.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "config/config.hpp"
#include "steps/runner.hpp"

namespace {

using namespace tcpctl;
using namespace std::chrono_literals;

struct Trial {
  const char* list;
  StepRun run{};
  std::size_t room{std::numeric_limits<std::size_t>::max()};
};

constexpr std::array kTrials{
    Trial{"[]"},
    Trial{"[{ expect = '^220 ' }, { send = 'QUIT' }, { expect = '^221 ' }, { expect_eof = true }]"},
    Trial{"[{ reject = '^5' }, { expect = '^2.*$' }, { wait = '1ms' }, { expect_bytes = '0d0a' }]"},
    Trial{"[{ send_bytes = '00' }, { expect = 'login: $' }, { send = 'ada' }, { expect = '^Pass' }]"},
    Trial{"[{ reject = 'a|b' }, { expect_eof = true }]"},
    Trial{"[{ expect = '' }, { expect = '^$' }, { expect = '\\n' }, { expect = '(?s).*' }, { expect = "
          "'\\bx\\b' }]"},
    Trial{"[{ send = 'bye' }, { close = true }, { reject = '^no' }, { expect = 'ok$' }, { expect_eof = true "
          "}]"},
    Trial{"[{ expect = '^go' }, { send = 'gone' }, { reset = true }]"},
    Trial{"[{ expect = '^PING' }, { send = 'PONG' }]", {.rounds = 0}, 3},
    Trial{"[{ reject = 'x' }, { expect = 'a*' }, { send = 'b' }, { expect_bytes = '0a' }]", {.rounds = 5}, 1},
    Trial{"[{ expect = 'a*' }, { send = 'b' }]", {.rounds = 0}, 64},
    Trial{"[{ expect = '(a*)(?P<b>b)?', timeout = '1m' }, { send = '<${1}${b}>' }, { expect = '(?s)(.)(.*)c' "
          "}, "
          "{ send = '${2}${1}${b}' }, { expect_eof = true, timeout = '2ms' }]"},
    Trial{"[{ expect = '(?s)((.*)x)' }, { send = '${1}${2}${2}' }]", {.rounds = 3}},
};

void require(bool holds) {
  if (!holds) std::abort();
}

Steps parse(const char* list) {
  config::KeyTable keys;
  keys.add("", step_keys());
  const auto root = config::parse_toml(std::string{"steps = "} + list, "fuzz.toml");
  auto steps = parse_steps({*root, keys, ""});
  require(steps.has_value());
  return *std::move(steps);
}

void require_sound(const StepRunner& runner, std::size_t steps) {
  const auto& result = runner.result();
  require(runner.finished() && !runner.deadline() && !result.result.empty() && !runner.waits_for_room());
  require(result.success != result.failed_step.has_value());
  require(!runner.wants_reset() || result.success);
  require(result.steps.size() <= steps && result.got.size() <= 4 * 256 + 3);
  require(std::ranges::all_of(result.got, [](char c) { return c >= ' ' && c <= '~'; }));
  if (result.failed_step) require(*result.failed_step >= 1 && *result.failed_step <= steps);
  require(std::ranges::count(result.steps, false, &StepReport::ok) == (result.success ? 0 : 1));
}

/// One moment in which the owner takes what is to be sent; there is room again afterwards.
void pass(StepRunner& runner, const Trial& trial, Instant clock) {
  constexpr std::size_t kLongestStep = 8;
  const auto output = runner.take_output();
  if (trial.room < kLongestStep * StepRunner::kStepsPerCall)
    require(output.size() < trial.room + kLongestStep);
  runner.set_room(trial.room);
  runner.on_timeout(clock);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto lists = [] {
    std::array<Steps, kTrials.size()> all;
    std::ranges::transform(kTrials, all.begin(), [](const Trial& trial) { return parse(trial.list); });
    return all;
  }();
  if (size < 2) return 0;
  const auto& trial = kTrials.at(data[0] % kTrials.size());
  const auto& steps = lists.at(data[0] % lists.size());
  const std::size_t piece = data[1] + 1U;
  std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};

  StepRunner runner{steps, trial.run};
  runner.set_room(trial.room);
  Instant clock{};
  const auto deadline = clock + 1h;
  runner.start(clock, deadline);
  // A pattern that matches nothing at all may take nothing for ever.
  for (int idle = 0; !bytes.empty() && !runner.finished() && idle < 10;) {
    const auto taken = runner.on_data(as_bytes(bytes.substr(0, piece)), clock += 1ms);
    require(taken <= std::min(piece, bytes.size()));
    idle = taken == 0 ? idle + 1 : 0;
    bytes.remove_prefix(taken);
    pass(runner, trial, clock);
  }
  if ((data[0] & 0x80) != 0) runner.on_eof(clock);
  pass(runner, trial, clock);
  runner.on_timeout(deadline);
  require_sound(runner, steps->size());
  return 0;
}
