// SPDX-License-Identifier: Apache-2.0
#include "upstreams/queue.hpp"

#include <gmock/gmock.h>

#include "upstreams/upstream_sets.hpp"

namespace tcpctl {
namespace {

using test::set_of;
using testing::ElementsAre;
using testing::IsEmpty;

class WaitingQueueTest : public testing::Test {
 protected:
  WaitingQueueTest() {
    one.max_connections = 2;
    one.stats->places().take();
    one.stats->places().take();
    upstreams = set_of({one});
  }
  void free_one() { one.stats->places().give_back(); }
  void wait(std::uint64_t ticket, bool again = false) { queue.wait(Ticket{ticket}, again, *upstreams); }
  std::vector<std::uint64_t> asked;
  WaitingQueue queue{[this](Ticket ticket) { asked.push_back(static_cast<std::uint64_t>(ticket)); }};
  Upstream one = test::upstream("one");
  UpstreamSetPtr upstreams;
};

TEST_F(WaitingQueueTest, AsksAsManyAsThereIsRoomForInTheOrderOfComing) {
  for (const std::uint64_t ticket : {5U, 3U, 9U}) wait(ticket);
  EXPECT_THAT(asked, IsEmpty());

  free_one();
  queue.look(*upstreams);
  queue.look(*upstreams);
  EXPECT_THAT(asked, ElementsAre(5)) << "for the same place nobody else is asked";

  free_one();
  queue.look(*upstreams);
  EXPECT_THAT(asked, ElementsAre(5, 3));
}

TEST_F(WaitingQueueTest, FindsAPlaceThatBecameFreeBeforeTheTicketCame) {
  free_one();
  wait(7);

  EXPECT_THAT(asked, ElementsAre(7));
}

TEST_F(WaitingQueueTest, AsksTheNextWhereOneIsGone) {
  for (const std::uint64_t ticket : {1U, 2U, 3U}) wait(ticket);
  queue.leave(Ticket{2});
  free_one();
  queue.look(*upstreams);

  queue.admitted(Ticket{1}, *upstreams);  // the first is gone, and took nothing

  EXPECT_THAT(asked, ElementsAre(1, 3));
}

TEST_F(WaitingQueueTest, PutsBackToTheFrontWhoFoundNoRoom) {
  wait(1);
  wait(2);
  free_one();
  queue.look(*upstreams);
  one.stats->places().take();  // somebody else was faster

  wait(1, true);
  queue.admitted(Ticket{1}, *upstreams);
  EXPECT_THAT(asked, ElementsAre(1));
  free_one();
  queue.look(*upstreams);

  EXPECT_THAT(asked, ElementsAre(1, 1));
}

TEST_F(WaitingQueueTest, KeepsTheOrderOfTwoWhoFoundNoRoom) {
  for (const std::uint64_t ticket : {1U, 2U, 3U}) wait(ticket);
  free_one();
  free_one();
  queue.look(*upstreams);
  one.stats->places().take();
  one.stats->places().take();
  for (const std::uint64_t ticket : {1U, 2U}) {
    wait(ticket, true);
    queue.admitted(Ticket{ticket}, *upstreams);
  }

  asked.clear();
  free_one();
  free_one();
  queue.look(*upstreams);

  EXPECT_THAT(asked, ElementsAre(1, 2));
}

TEST_F(WaitingQueueTest, AsksAllWhereNobodyTakesSessionsAnyMore) {
  wait(1);
  wait(2);
  one.admin_state = AdminState::drain;

  queue.look(*set_of({one}));

  EXPECT_THAT(asked, ElementsAre(1, 2));
}

TEST_F(WaitingQueueTest, WaitsForANameThatIsBeingLookedUp) {
  one.operational_state = OperationalState::resolving;
  upstreams = set_of({one});
  wait(1);
  EXPECT_THAT(asked, IsEmpty());

  one.operational_state = OperationalState::up;
  one.max_connections = Upstream::kNoLimit;
  queue.look(*set_of({one}));

  EXPECT_THAT(asked, ElementsAre(1));
}

}  // namespace
}  // namespace tcpctl
