// SPDX-License-Identifier: Apache-2.0
#include "connections/drain.hpp"

#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

struct Call {
  double share;
  Instant by;
};

class DrainTest : public testing::Test {
 protected:
  Drain::Hooks hooks() {
    return {[this](double share, Instant by) { calls.push_back({share, by}); }, [] { return 1U; }};
  }
  Loop loop{"test"};
  Wheel wheel{loop};
  std::vector<Call> calls;
};

TEST_F(DrainTest, WithoutATimeItClosesAllAtOnce) {
  const Drain drain{wheel, "it", 0s, hooks()};

  wheel.advance(now() + 2 * Wheel::kTick);

  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].share, 1);
  EXPECT_FALSE(drain.is_over()) << "somebody may be on the way";
}

TEST_F(DrainTest, OnceSealedItHasNothingToDoWithWhoComesLater) {
  Drain drain{wheel, "it", 0s, hooks()};
  const Instant before = now();
  drain.seal(before);
  drain.seal(before + 1h);

  wheel.advance(now() + 2 * Wheel::kTick);

  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].by, before);
}

}  // namespace
}  // namespace tcpctl
