// SPDX-License-Identifier: Apache-2.0
#include "upstreams/condition.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using State = OperationalState;

constexpr Instant kStart{100s};
constexpr HealthRules kChecked{.is_checked = true, .rise = 2, .fall = 3, .fail_after = 0, .fail_for = 0s};
constexpr HealthRules kPassive{.is_checked = false, .rise = 2, .fall = 3, .fail_after = 3, .fail_for = 10s};

TEST(Condition, IsUpUntilChecksFailInARow) {
  Condition condition{kChecked};
  EXPECT_EQ(condition.cause(), "not checked yet");

  condition.on_check(true, "L4OK in 0.4 ms");
  EXPECT_EQ(condition.cause(), "L4OK in 0.4 ms");
  condition.on_check(false, "x");
  condition.on_check(false, "x");
  EXPECT_EQ(condition.state(), State::up);
  condition.on_check(true, "L4OK in 0.9 ms");
  condition.on_check(false, "x");
  condition.on_check(false, "x");
  EXPECT_EQ(condition.state(), State::up);
  EXPECT_EQ(condition.cause(), "L4OK in 0.4 ms") << "of what changed it, and not of what was seen last";
  condition.on_check(false, "L4TOUT no answer to SYN");

  EXPECT_EQ(condition.state(), State::down);
  EXPECT_EQ(condition.cause(), "L4TOUT no answer to SYN");
  condition.on_check(false, "y");
  EXPECT_EQ(condition.cause(), "L4TOUT no answer to SYN");
}

TEST(Condition, IsDecidedByItsFirstCheck) {
  Condition condition{kChecked};

  condition.on_check(false, "L4CON Connection refused");

  EXPECT_EQ(condition.state(), State::down);
}

TEST(Condition, IsDecidedByTheFirstCheckWhereChecksAreAdded) {
  Condition condition{kPassive};

  condition.set(kChecked);
  condition.on_check(false, "L4CON Connection refused");

  EXPECT_EQ(condition.state(), State::down);
}

TEST(Condition, ComesBackAfterGoodChecksInARow) {
  Condition condition{kChecked};
  condition.on_check(false, "first");

  condition.on_check(true, "L4OK in 0.4 ms");
  EXPECT_EQ(condition.state(), State::down);
  condition.on_check(false, "x");
  condition.on_check(true, "L4OK in 0.4 ms");
  EXPECT_EQ(condition.state(), State::down);
  EXPECT_EQ(condition.cause(), "first");
  condition.on_check(true, "L4OK in 0.5 ms");

  EXPECT_EQ(condition.state(), State::up);
  EXPECT_EQ(condition.cause(), "L4OK in 0.5 ms");
}

TEST(Condition, ListensToChecksAndSessionsBoth) {
  HealthRules rules = kChecked;
  rules.fail_after = 2;
  Condition condition{rules};
  condition.on_check(true, "L4OK");

  condition.on_failures(2, "sessions fail: peer_rst", kStart);
  EXPECT_EQ(condition.state(), State::down);
  condition.on_check(true, "L4OK");
  EXPECT_EQ(condition.state(), State::down);
  condition.on_check(true, "L4OK");
  EXPECT_EQ(condition.state(), State::up);
  condition.on_failures(1, "x", kStart);
  condition.on_check(false, "x");

  EXPECT_EQ(condition.state(), State::up) << "the two are counted apart";
}

TEST(Condition, GoesDownAfterSessionsThatFailInARowAndComesBackWithTime) {
  Condition condition{kPassive};
  condition.on_failures(2, "x", kStart);
  condition.on_good_session();
  condition.on_failures(2, "x", kStart);
  EXPECT_EQ(condition.state(), State::up);

  condition.on_failures(1, "sessions fail: connect_refused", kStart);
  EXPECT_EQ(condition.state(), State::down);
  EXPECT_EQ(condition.cause(), "sessions fail: connect_refused");
  EXPECT_EQ(condition.due(), kStart + 10s);
  condition.on_time(kStart + 9s);
  EXPECT_EQ(condition.state(), State::down);
  condition.on_time(kStart + 10s);

  EXPECT_EQ(condition.state(), State::up);
  EXPECT_FALSE(condition.due());
}

TEST(Condition, IsOnTrialAfterItsTime) {
  Condition condition{kPassive};
  condition.on_failures(3, "x", kStart);
  condition.on_time(kStart + 10s);
  condition.on_failures(1, "x", kStart + 11s);
  EXPECT_EQ(condition.state(), State::down);
  condition.on_time(kStart + 30s);

  condition.on_good_session();
  condition.on_failures(2, "x", kStart + 31s);

  EXPECT_EQ(condition.state(), State::up);
}

TEST(Condition, LeavesTheWayBackToChecksWhereThereAreSome) {
  HealthRules rules = kChecked;
  rules.fail_after = 3;
  rules.fail_for = 10s;
  Condition condition{rules};
  condition.on_failures(5, "x", kStart);
  EXPECT_EQ(condition.state(), State::down);
  EXPECT_FALSE(condition.due());

  condition.on_check(true, "L4OK");
  condition.on_check(true, "L4OK");

  EXPECT_EQ(condition.state(), State::up);
}

TEST(Condition, IsUnknownInMaintenanceAndDecidedByWhatIsSeenFirst) {
  Condition condition{kChecked};
  for (int i = 0; i < 3; ++i) condition.on_check(false, "x");
  condition.suspend();
  EXPECT_EQ(condition.state(), State::unknown);
  condition.on_check(true, "late");
  EXPECT_EQ(condition.state(), State::unknown);

  condition.resume();
  EXPECT_EQ(condition.state(), State::up);
  condition.on_check(false, "L4CON");

  EXPECT_EQ(condition.state(), State::down);
}

TEST(Condition, ComesBackWhereItsChecksAreTakenAway) {
  Condition condition{kChecked};
  for (int i = 0; i < 3; ++i) condition.on_check(false, "x");

  condition.set(kPassive);
  condition.on_time(kStart);

  EXPECT_EQ(condition.state(), State::up);
}

}  // namespace
}  // namespace tcpctl
