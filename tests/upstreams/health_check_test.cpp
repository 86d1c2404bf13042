// SPDX-License-Identifier: Apache-2.0
#include "upstreams/health_check.hpp"

#include <set>

#include <gmock/gmock.h>

#include "support/loop_runner.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMany = 200;

TEST(HealthCheck, BeginsTheChecksOfManyAtRandomMomentsOfTheInterval) {
  test::LoopRunner runner;
  std::vector<std::unique_ptr<HealthCheck>> checks;
  std::set<Duration::rep> quarters;
  for (std::size_t i = 0; i < kMany; ++i) {
    const auto before = now();
    checks.push_back(std::make_unique<HealthCheck>(
        runner.worker, nullptr, 1h, [] { return std::make_shared<const AddressList>(); },
        [](const auto&) {}));
    ASSERT_GE(checks.back()->next_run(), before);
    ASSERT_LE(checks.back()->next_run(), now() + 1h);
    quarters.insert((checks.back()->next_run() - before) / 15min);
  }

  EXPECT_THAT(quarters, testing::IsSupersetOf<Duration::rep>({0, 1, 2, 3})) << "all over the interval";
}

TEST(HealthCheck, RunsUpToATenthOfTheIntervalEarlyOrLate) {
  test::LoopRunner runner;
  std::vector<Duration> pauses;
  std::unique_ptr<HealthCheck> check;
  // Asked for the addresses when a run is due and the next one is set; none skips the run.
  const auto where = [&] {
    pauses.push_back(check->next_run() - runner.worker.time());
    return std::make_shared<const AddressList>();
  };
  check = std::make_unique<HealthCheck>(runner.worker, nullptr, 10ms, where, [](const auto&) {});

  ASSERT_TRUE(runner.run_until([&] { return pauses.size() == 30; }));

  EXPECT_THAT(pauses, testing::Each(testing::AllOf(testing::Ge(9ms), testing::Le(11ms))));
  EXPECT_GT(std::set<Duration>(pauses.begin(), pauses.end()).size(), 10U) << "they differ";
}

}  // namespace
}  // namespace tcpctl
