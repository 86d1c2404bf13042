// SPDX-License-Identifier: Apache-2.0
#include "app/limits.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace tcpctl {
namespace {

TEST(Limits, LeaveConnectionsNearlyAllOfManyFiles) {
  EXPECT_GE(20'000 - file_reserve(20'000, 2), 18'400U);
  EXPECT_GE(1'000'000 - file_reserve(1'000'000, 8), 990'000U);
}

TEST(Limits, KeepSomethingBackHoweverFewFilesThereAre) {
  EXPECT_GT(file_reserve(0, 1), 0U);
  EXPECT_GT(file_reserve(64, 1), 20U);
}

TEST(Limits, KeepMoreBackForMoreWorkers) { EXPECT_GT(file_reserve(1000, 16), file_reserve(1000, 1)); }

TEST(Limits, NeverGrantLessForMoreFiles) {
  std::uint64_t before = 0;
  for (std::uint64_t files = 0; files < 100'000; ++files) {
    const std::uint64_t reserve = file_reserve(files, 2);
    const std::uint64_t granted = files > reserve ? files - reserve : 0;
    ASSERT_GE(granted, before) << files;
    before = granted;
  }
}

TEST(Limits, LetFewerWaitForProbesWhereFilesAreFew) {
  EXPECT_EQ(probers(80), 2U);
  EXPECT_EQ(probers(1024), 16U);
  EXPECT_EQ(probers(4096), 64U);
  EXPECT_EQ(probers(1'000'000), 64U);
}

TEST(Limits, RaiseTheSoftLimitToTheHardOne) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low{before.rlim_max / 2, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);

  const Limits limits = take_limits(0, 2);

  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_GT(limits.files, limits.connections);
}

TEST(Limits, LeaveRoomForThePipesInWhatIsKeptBack) {
  for (const std::uint64_t files : {80U, 256U, 1024U, 20'000U, 1'000'000U}) {
    for (const std::size_t workers : {1U, 2U, 64U}) {
      EXPECT_LE(2 * workers * pipes_of_worker(files, workers), file_reserve(files, workers) / 2) << files;
    }
  }
  EXPECT_EQ(pipes_of_worker(20'000, 2), 64U);
}

TEST(Limits, AreCutToWhatTheOperatorWants) {
  const Limits most = take_limits(0, 1);

  EXPECT_EQ(take_limits(10, 1).connections, 10U);
  EXPECT_EQ(take_limits(most.connections + 1, 1).connections, most.connections);
}

}  // namespace
}  // namespace tcpctl
