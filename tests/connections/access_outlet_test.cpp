// SPDX-License-Identifier: Apache-2.0
#include "connections/access_outlet.hpp"

#include <gmock/gmock.h>

#include "connections/proxy_header.hpp"
#include "connections/refused.hpp"
#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AccessOutletTest : public test::ConnectionFixture {
 protected:
  AccessOutletTest() {
    outlet().open([this](AccessBatch batch) { batches.push_back(std::move(batch)); });
    outlet().set(true, true);
  }
  AccessOutlet& outlet() { return worker().access(); }
  bool await_batches(std::size_t count) {
    return run_until([&] { return batches.size() >= count; });
  }
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> names;
    for (const auto& batch : batches) {
      for (const auto& line : batch.lines)
        names.emplace_back(line.kind == AccessLine::Kind::start ? "start" : "end");
    }
    return names;
  }
  void add(std::size_t lines) {
    for (std::size_t i = 0; i < lines; ++i) outlet().add(AccessLine::Kind::end, {});
  }
  /// As many lines as find room while none is taken: those on their way, and one batch more.
  static constexpr std::size_t kRoom = (AccessOutlet::kMostUnderWay + 1) * AccessOutlet::kMost;
  /// Opens a connection, has its peer end it, and waits until whatever is said of it was said.
  void live_and_die() {
    serve({});
    peer.fin();
    (void)record();
    runner.run_beats(50);
  }

  std::vector<AccessBatch> batches;
};

TEST_F(AccessOutletTest, GivesALineForTheStartAndOneForTheEndOfAConnection) {
  live_and_die();

  EXPECT_THAT(kinds(), ElementsAre("start", "end"));
  const AccessLine& end = batches.back().lines.back();
  EXPECT_EQ(end.entry.facts.id, id);
  EXPECT_EQ(end.entry.facts.close.reason, Reason::peer_fin);
  EXPECT_TRUE(end.entry.tcp);
  EXPECT_NE(batches.front().lines.front().entry.local.port(), 0);
}

TEST_F(AccessOutletTest, GivesOnlyWhatIsWanted) {
  outlet().set(false, true);
  live_and_die();
  EXPECT_THAT(kinds(), ElementsAre("end"));

  batches.clear();
  outlet().set(true, false);
  live_and_die();
  EXPECT_THAT(kinds(), ElementsAre("start"));

  batches.clear();
  outlet().set(false, false);
  live_and_die();
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(AccessOutletTest, SaysNothingOfChecks) {
  owner->in_history = false;
  serve({});
  peer.fin();
  ASSERT_TRUE(run_until([&] { return worker().find(id) == nullptr; }));
  runner.run_beats(50);

  EXPECT_THAT(batches, IsEmpty());
}

TEST_F(AccessOutletTest, TellsOfTheEndOfOneThatWasRefused) {
  RefusedRecorder refused{worker()};
  const auto pair = test::tcp_pair();

  refused.add(owner, Refusal::acl, pair.here, pair.there.local());

  ASSERT_TRUE(await_batches(1));
  EXPECT_THAT(kinds(), ElementsAre("end"));
  EXPECT_EQ(batches[0].lines[0].entry.facts.close.detail.get(), "refused: acl");
}

TEST_F(AccessOutletTest, TellsOfAStartBehindAProxyOnlyOnceItIsKnownWhoseItIs) {
  auto pair = test::tcp_pair();
  auto made = std::make_unique<ProxyHeaderConnection>(
      worker(), owner, std::move(pair.here), pair.there.local(),
      ProxyHeaderLimits{std::chrono::minutes{10}, 1024}, [](ProxyHeaderConnection&) {});
  Connection& connection = *made;
  worker().adopt(std::move(made));
  connection.start();
  runner.run_beats(50);
  EXPECT_THAT(kinds(), IsEmpty());

  connection.abort(Reason::admin_kill);

  ASSERT_TRUE(await_batches(1));
  EXPECT_THAT(kinds(), ElementsAre("start", "end"));
}

TEST_F(AccessOutletTest, CountsWhatFindsNoRoom) {
  add(kRoom + 3);

  EXPECT_THAT(batches, SizeIs(AccessOutlet::kMostUnderWay));
  for (const auto& batch : batches) EXPECT_THAT(batch.lines, SizeIs(AccessOutlet::kMost));
  EXPECT_EQ(outlet().dropped(), 3U);
}

TEST_F(AccessOutletTest, GivesABatchOnAsSoonAsItIsFull) {
  add(AccessOutlet::kMost);
  EXPECT_THAT(batches, IsEmpty());

  add(1);

  EXPECT_THAT(batches, SizeIs(1));
  EXPECT_EQ(outlet().dropped(), 0U);
}

TEST_F(AccessOutletTest, KeepsTheLastLinesHoweverMany) {
  outlet().expect_the_last();

  add(kRoom + 3);
  outlet().give();

  EXPECT_EQ(outlet().dropped(), 0U);
  EXPECT_THAT(batches.back().lines, SizeIs(AccessOutlet::kMost + 3));
}

TEST_F(AccessOutletTest, HoldsBatchesBackFromAWriterThatIsHeldUp) {
  for (std::size_t i = 0; i < AccessOutlet::kMostUnderWay; ++i) {
    outlet().add(AccessLine::Kind::start, {});
    ASSERT_TRUE(await_batches(i + 1));
  }
  outlet().add(AccessLine::Kind::end, {});
  runner.run_beats(50);
  EXPECT_THAT(batches, SizeIs(AccessOutlet::kMostUnderWay));

  batches.front().taken->add();

  EXPECT_TRUE(await_batches(AccessOutlet::kMostUnderWay + 1));
}

TEST_F(AccessOutletTest, GivesOnAtOnceWhereItIsAskedTo) {
  outlet().add(AccessLine::Kind::end, {});

  outlet().give();

  EXPECT_THAT(kinds(), ElementsAre("end"));
}

}  // namespace
}  // namespace tcpctl
