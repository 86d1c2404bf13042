// SPDX-License-Identifier: Apache-2.0
#include "connections/event_outlet.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class EventOutletTest : public test::ConnectionFixture {
 protected:
  EventOutletTest() {
    outlet().open([this](EventBatch batch) { batches.push_back(std::move(batch)); });
    outlet().set_on(true);
  }
  EventOutlet& outlet() { return worker().events(); }
  bool await_batches(std::size_t count) {
    return run_until([&] { return batches.size() >= count; });
  }
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> names;
    for (const auto& batch : batches) {
      for (const auto& event : batch.events) names.emplace_back(text(event.kind));
    }
    return names;
  }

  std::vector<EventBatch> batches;
};

TEST_F(EventOutletTest, GivesWhatCameTogetherOnAsOneBatch) {
  ASSERT_NE(outlet().add(EventKind::opened), nullptr);
  ASSERT_NE(outlet().add(EventKind::closed), nullptr);
  EXPECT_THAT(batches, IsEmpty());

  ASSERT_TRUE(await_batches(1));

  EXPECT_THAT(kinds(), ElementsAre("opened", "closed"));
}

TEST_F(EventOutletTest, CollectsNothingWhileItIsOff) {
  outlet().set_on(false);

  EXPECT_EQ(outlet().add(EventKind::opened), nullptr);
}

TEST_F(EventOutletTest, CountsWhatFindsNoRoomInABatch) {
  constexpr std::size_t kRoom = (EventOutlet::kMostUnderWay + 1) * EventOutlet::kMost;
  for (std::size_t i = 0; i < kRoom + 3; ++i) (void)outlet().add(EventKind::opened);
  EXPECT_THAT(batches, SizeIs(EventOutlet::kMostUnderWay)) << "full ones are given on at once";

  outlet().note_taken();
  ASSERT_TRUE(await_batches(EventOutlet::kMostUnderWay + 1));

  EXPECT_THAT(batches.back().events, SizeIs(EventOutlet::kMost));
  EXPECT_EQ(batches.back().dropped, 3U);
}

TEST_F(EventOutletTest, HoldsBatchesBackFromAReceiverThatDoesNotTakeThem) {
  for (std::size_t i = 0; i < EventOutlet::kMostUnderWay; ++i) {
    (void)outlet().add(EventKind::opened);
    ASSERT_TRUE(await_batches(i + 1));
  }
  (void)outlet().add(EventKind::closed);
  runner.run_beats(50);
  EXPECT_THAT(batches, SizeIs(EventOutlet::kMostUnderWay));

  outlet().note_taken();

  EXPECT_TRUE(await_batches(EventOutlet::kMostUnderWay + 1));
}

TEST_F(EventOutletTest, HasATextOnceHoweverManyEventsNameIt) {
  const auto name = std::make_shared<const std::string>("web");
  const auto first = outlet().text(name);
  EXPECT_EQ(outlet().text(name), first);
  EXPECT_NE(outlet().text(std::string_view{"web"}), first);
  EXPECT_EQ(outlet().text(std::string_view{}), 0);
  ASSERT_NE(outlet().add(EventKind::opened), nullptr);

  ASSERT_TRUE(await_batches(1));

  EXPECT_THAT(batches[0].texts, SizeIs(2));
  EXPECT_EQ(batches[0].text(first), "web");
}

TEST_F(EventOutletTest, TellsTheLifeOfAConnectionInOrder) {
  serve({});
  peer.fin();
  ASSERT_TRUE(run_until([&] { return has_ended(id); }));
  const auto has_all = [&] { return kinds().size() >= 4; };
  ASSERT_TRUE(run_until(has_all));

  EXPECT_THAT(kinds(), ElementsAre("opened", "established", "half_closed", "closed"));
  const EventBatch& last = batches.back();
  const Event& closed = last.events.back();
  EXPECT_EQ(closed.connection, id);
  EXPECT_EQ(last.text(closed.party), "mine");
  EXPECT_EQ(closed.first, First::remote);
  EXPECT_EQ(closed.how, How::fin);
  EXPECT_EQ(closed.reason, Reason::peer_fin);
}

TEST_F(EventOutletTest, SaysNothingOfChecks) {
  owner->in_history = false;
  serve({});
  peer.fin();
  runner.run_beats(50);

  EXPECT_THAT(batches, IsEmpty());
}

}  // namespace
}  // namespace tcpctl
