// SPDX-License-Identifier: Apache-2.0
// The runner of steps. Input: a byte that chooses the steps, a byte for the size of the pieces, then what the
// peer sends. It stays within its window, comes to one end, and says why in one line.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "config/config.hpp"
#include "steps/runner.hpp"

namespace {

using namespace tcpctl;
using namespace std::chrono_literals;

constexpr std::array kLists{
    "[]",
    "[{ expect = '^220 ' }, { send = 'QUIT' }, { expect = '^221 ' }, { expect_eof = true }]",
    "[{ reject = '^5' }, { expect = '^2.*$' }, { wait = '1ms' }, { expect_bytes = '0d0a' }]",
    "[{ send_bytes = '00' }, { expect = 'login: $' }, { send = 'ada' }, { expect = '^Pass' }]",
    "[{ reject = 'a|b' }, { expect_eof = true }]",
    "[{ expect = '' }, { expect = '^$' }, { expect = '\\n' }, { expect = '(?s).*' }, { expect = '\\bx\\b' }]",
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
  require(runner.finished() && !runner.deadline() && !result.result.empty());
  require(result.success != result.failed_step.has_value());
  require(result.steps.size() <= steps && result.got.size() <= 4 * 256 + 3);
  require(std::ranges::all_of(result.got, [](char c) { return c >= ' ' && c <= '~'; }));
  if (result.failed_step) require(*result.failed_step >= 1 && *result.failed_step <= steps);
  require(std::ranges::count(result.steps, false, &StepReport::ok) == (result.success ? 0 : 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto lists = [] {
    std::array<Steps, kLists.size()> all;
    std::ranges::transform(kLists, all.begin(), parse);
    return all;
  }();
  if (size < 2) return 0;
  const auto& steps = lists.at(data[0] % lists.size());
  const std::size_t piece = data[1] + 1U;
  std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};

  StepRunner runner{steps};
  Instant clock{};
  runner.start(clock, clock + 1s);
  while (!bytes.empty()) {
    runner.on_data(as_bytes(bytes.substr(0, piece)), clock += 1ms);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    runner.on_timeout(clock);
  }
  if ((data[0] & 0x80) != 0) runner.on_eof(clock);
  runner.on_timeout(clock + 1s);
  require_sound(runner, steps->size());
  return 0;
}
