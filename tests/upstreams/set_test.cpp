// SPDX-License-Identifier: Apache-2.0
#include "upstreams/set.hpp"

#include <gmock/gmock.h>

#include "upstreams/upstream_sets.hpp"

namespace tcpctl {
namespace {

using test::set_of;
using test::upstream;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(UpstreamSet, GroupsThoseWhoTakeSessionsByTier) {
  auto spare = upstream("spare");
  spare.tier = Upstream::kBackupTier;
  auto second = upstream("second");
  second.tier = 1;
  const auto set = set_of({spare, upstream("a"), second, upstream("b")});

  EXPECT_THAT(set->tiers(), ElementsAre(ElementsAre(1, 3), ElementsAre(2), ElementsAre(0)));
}

TEST(UpstreamSet, LeavesOutWhoTakesNoNewSessions) {
  auto drained = upstream("drained");
  drained.admin_state = AdminState::drain;
  auto closed = upstream("closed");
  closed.config_state = AdminState::maint;
  auto down = upstream("down");
  down.operational_state = OperationalState::down;
  const auto set = set_of({drained, closed, down, upstream("light", 0), upstream("good")});

  EXPECT_THAT(set->tiers(), ElementsAre(ElementsAre(4)));
}

TEST(UpstreamSet, SaysOfEachWhyItTakesNone) {
  auto drained = upstream("u1");
  drained.admin_state = AdminState::drain;
  auto down = upstream("u2");
  down.operational_state = OperationalState::down;
  down.cause = "L4CON Connection refused";
  const auto set = set_of({drained, down, upstream("u3", 0)});

  EXPECT_THAT(set->tiers(), IsEmpty());
  EXPECT_EQ(set->why_none(), "3 upstreams: u1 drain, u2 down (L4CON Connection refused), u3 has weight 0");
}

TEST(UpstreamSet, BoundsWhatItSaysOfMany) {
  const auto set = set_of(std::vector<Upstream>(1000, upstream("u", 0)));

  EXPECT_LT(set->why_none().size(), 300U);
  EXPECT_THAT(set->why_none(), HasSubstr("and 992 more"));
}

TEST(UpstreamSet, TellsNobodyFromNobodyYet) {
  auto unresolved = upstream("a");
  unresolved.operational_state = OperationalState::resolving;
  auto not_wanted = unresolved;
  not_wanted.admin_state = AdminState::maint;

  EXPECT_TRUE(set_of({unresolved})->is_resolving());
  EXPECT_FALSE(set_of({not_wanted})->is_resolving());
  EXPECT_FALSE(set_of({unresolved, upstream("b")})->is_resolving());
}

TEST(UpstreamSet, CountsTheRoomOfTheFirstTier) {
  auto small = upstream("small");
  small.max_connections = 3;
  auto full = upstream("full");
  full.max_connections = 1;
  full.stats->places().take();
  full.stats->places().take();
  auto spare = upstream("spare");
  spare.tier = Upstream::kBackupTier;
  const auto set = set_of({small, full, spare});

  EXPECT_TRUE(set->is_limited());
  EXPECT_EQ(set->room(), 3U);
  small.stats->places().take();
  EXPECT_EQ(set->room(), 2U);
  EXPECT_FALSE(set_of({small, upstream("large")})->is_limited());
}

TEST(UpstreamSet, ShowsItsUpstreamsAsRows) {
  auto shown = upstream("u1", 7);
  shown.max_connections = 10;
  shown.tier = Upstream::kBackupTier;
  shown.cause = "L4OK in 0.4 ms";
  shown.name_error = "timed out";
  shown.stats->places().take();

  const UpstreamRow row = to_row(shown);

  EXPECT_EQ(row.name, "u1");
  EXPECT_EQ(row.address, "u1.example:80");
  EXPECT_THAT(row.resolved, ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(row.operational_state, "up");
  EXPECT_EQ(row.cause, "L4OK in 0.4 ms; its last addresses stay in use (timed out)");
  EXPECT_EQ(row.weight, 7U);
  EXPECT_TRUE(row.backup);
  EXPECT_EQ(row.max_connections, 10U);
  EXPECT_EQ(row.assigned, 1U);
}

TEST(UpstreamSet, SaysNothingOfWhomDnsNamesNoLonger) {
  auto gone = upstream("u1-1");
  gone.operational_state = OperationalState::down;
  gone.is_gone = true;
  auto down = upstream("u1-2");
  down.operational_state = OperationalState::down;
  down.cause = "L4CON";

  EXPECT_EQ(set_of({gone, down})->why_none(), "1 upstream: u1-2 down (L4CON)");
  EXPECT_EQ(set_of({gone})->why_none(), "no upstream");
}

}  // namespace
}  // namespace tcpctl
