// SPDX-License-Identifier: Apache-2.0
#include "connections/tally.hpp"

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using tcp::State;

class StateTallyTest : public test::ConnectionFixture {
 protected:
  StateTally counted() {
    StateTally tally;
    while (tally.count(worker())) {
    }
    return tally;
  }
};

TEST_F(StateTallyTest, CountsOpenConnectionsAsEstablished) {
  serve({});
  const test::Peer first = std::move(peer);
  serve({});

  EXPECT_EQ(counted().in(State::established), 2U);
}

TEST_F(StateTallyTest, AsksTheKernelForThoseWhosePeerHasEnded) {
  serve({.on_peer_fin = [](Session&) {}});
  peer.fin();

  EXPECT_TRUE(run_until([&] { return counted().in(State::close_wait) == 1; }));
  EXPECT_EQ(counted().in(State::established), 0U);
}

TEST_F(StateTallyTest, CountsAllOfThemInSlices) {
  constexpr std::size_t kMany = StateTally::kSlice + 3;
  class Standing final : public Connection {
   public:
    using Connection::Connection;
    void on_ready() override {}
  };
  for (std::size_t i = 0; i < kMany; ++i) {
    worker().adopt(std::make_unique<Standing>(worker(), owner, Direction::inbound, Connection::Stage::open,
                                              Fd{}, Address{}));
  }

  StateTally tally;

  EXPECT_TRUE(tally.count(worker()));
  EXPECT_EQ(tally.in(State::established), StateTally::kSlice);
  EXPECT_FALSE(tally.count(worker()));
  EXPECT_EQ(tally.in(State::established), kMany);
}

}  // namespace
}  // namespace tcpctl
