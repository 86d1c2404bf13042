// SPDX-License-Identifier: Apache-2.0
#include "stats/recent_times.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(RecentTimes, TellTheOldestFirstAndWhichFailed) {
  RecentTimes times;
  EXPECT_THAT(times.all(), IsEmpty());
  times.add(1500us);
  times.add_failed();
  times.add(2h);

  EXPECT_THAT(times.all(), ElementsAre(Optional(Duration{1500us}), std::nullopt,
                                       Optional(Duration{std::chrono::microseconds{4'294'967'294}})))
      << "the longest that fits";
}

TEST(RecentTimes, KeepTheLastOnes) {
  RecentTimes times;
  for (int i = 0; i < 100; ++i) times.add(std::chrono::milliseconds{i});

  const auto all = times.all();

  ASSERT_EQ(all.size(), RecentTimes::kMost);
  EXPECT_EQ(all.front(), Duration{68ms});
  EXPECT_EQ(all.back(), Duration{99ms});
}

}  // namespace
}  // namespace tcpctl
