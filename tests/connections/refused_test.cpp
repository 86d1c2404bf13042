// SPDX-License-Identifier: Apache-2.0
#include "connections/refused.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using testing::HasSubstr;

class RefusedTest : public test::ConnectionFixture {
 protected:
  void refuse(Refusal refusal) {
    const auto pair = test::tcp_pair();
    refused.add(owner, refusal, pair.here, pair.there.local());
  }
  [[nodiscard]] ConnectionRow last() { return to_row(worker().history().entries().back(), now()); }

  RefusedRecorder refused{worker()};
};

TEST_F(RefusedTest, ARefusedConnectionIsInTheHistoryWithItsReason) {
  refuse(Refusal::source_limit);

  const auto row = last();
  EXPECT_EQ(row.listener, "mine");
  EXPECT_EQ(row.direction, Direction::inbound);
  EXPECT_EQ(row.state, "CLOSED");
  EXPECT_EQ(close_of(row).reason, Reason::local_limit);
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).code, "PC");
  EXPECT_EQ(close_of(row).detail, "refused: source_limit");
}

TEST_F(RefusedTest, WhereItsBytesLieUnreadItsEndIsAReset) {
  auto pair = test::tcp_pair();
  pair.there.write("hello");
  pollfd readable{pair.here.get(), POLLIN, 0};
  ::poll(&readable, 1, -1);

  refused.add(owner, Refusal::acl, pair.here, pair.there.local());

  EXPECT_EQ(close_of(last()).how, How::rst);
}

TEST_F(RefusedTest, AShortageIsToldFromALimit) {
  refuse(Refusal::files);

  EXPECT_EQ(close_of(last()).reason, Reason::resource);
}

TEST_F(RefusedTest, AFloodTakesABoundedPartOfTheHistoryAndSaysHowManyThereWere) {
  for (int i = 0; i < 300; ++i) refuse(Refusal::rate);
  const auto entries = worker().history().entries().size();
  EXPECT_EQ(entries, static_cast<std::size_t>(RefusedRecorder::kEntriesASecond));

  ASSERT_TRUE(run_until([&] {
    worker().tick();
    refuse(Refusal::rate);
    return worker().history().entries().size() > entries;
  }));

  EXPECT_THAT(close_of(last()).detail, HasSubstr("more since the entry before"));
}

}  // namespace
}  // namespace tcpctl
