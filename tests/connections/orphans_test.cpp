// SPDX-License-Identifier: Apache-2.0
#include "connections/orphans.hpp"

#include <gtest/gtest.h>

#include "support/connection_fixture.hpp"
#include "tcp/sock_diag.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

/// A connection whose peer ends it later, or never.
class OrphansTest : public test::ConnectionFixture {
 protected:
  Connection& parted() {
    Connection& connection = serve({});
    connection.finish(Reason::local_done);
    EXPECT_TRUE(run_until([&] { return connection.state() == tcp::State::fin_wait_2; }));
    return connection;
  }
  std::string_view taken() {
    const auto row = record();
    return row.tcp ? row.tcp->taken : "nothing";
  }
};

TEST_F(OrphansTest, AreToldTheirLastTcpInfoByTheKernel) {
  parted().give_way();
  EXPECT_EQ(taken(), "before_close");
  EXPECT_EQ(record().state, "CLOSED") << "nobody has asked the kernel";
  EXPECT_EQ(worker().orphans().awaited(), 1U);

  EXPECT_TRUE(run_until([&] { return taken() == "final"; }));
  EXPECT_EQ(worker().orphans().awaited(), 0U);
  EXPECT_EQ(worker().orphans().missed().read(), 0U);
}

TEST_F(OrphansTest, AreToldItAfterAResetToo) {
  auto pair = test::tcp_pair();
  peer = std::move(pair.there);
  const std::string chunk(65536, 'x');
  while (::send(pair.here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0) continue;
  Connection& connection = serve(std::move(pair.here), {});
  connection.finish(Reason::local_done);
  connection.give_way();
  ASSERT_TRUE(has_ended(id));
  runner.settle();
  EXPECT_EQ(taken(), "before_close") << "it waits for the peer to read";
  EXPECT_EQ(to_row(*worker().history().find(id), now(), tcp::closing_sockets().value()).state, "FIN_WAIT_1");

  peer.rst();

  EXPECT_TRUE(run_until([&] { return taken() == "final"; }));
  EXPECT_EQ(to_row(*worker().history().find(id), now(), tcp::closing_sockets().value()).state, "CLOSED");
}

TEST_F(OrphansTest, AreHeldByTheKernelUnderTheirCookie) {
  parted().give_way();
  ASSERT_TRUE(has_ended(id));
  const auto state = [&] {
    return to_row(*worker().history().find(id), now(), tcp::closing_sockets().value()).state;
  };

  EXPECT_EQ(state(), "FIN_WAIT_2");
  peer.close();
  EXPECT_EQ(state(), "TIME_WAIT");
}

TEST_F(OrphansTest, AreNoneOfThoseThatEndInOrderOrByAReset) {
  serve({});
  peer.fin();
  EXPECT_EQ(taken(), "final") << "the kernel said CLOSED before close(2)";

  serve({}).abort(Reason::admin_kill);
  EXPECT_EQ(taken(), "before_close") << "the kernel wipes its counts";
  EXPECT_EQ(worker().orphans().awaited(), 0U);
}

TEST_F(OrphansTest, AreGivenUpAndCountedAfterAWhile) {
  Orphans orphans{worker(), tcp::DestroyEvents::open(), 30ms};
  worker().tick();
  orphans.await(~std::uint64_t{0}, make_id(0, 99));  // no socket's cookie
  EXPECT_EQ(orphans.awaited(), 1U);

  EXPECT_TRUE(run_until([&] { return orphans.awaited() == 0; }));
  EXPECT_EQ(orphans.missed().read(), 1U);
}

TEST_F(OrphansTest, AreForgottenOnceTheyAreSettledThoughOthersAreStillAwaited) {
  worker().tick();
  worker().orphans().await(~std::uint64_t{0}, make_id(0, 99));  // no socket's cookie
  for (int i = 0; i < 20; ++i) {
    parted().give_way();
    EXPECT_EQ(taken(), "before_close");
    ASSERT_TRUE(run_until([&] { return taken() == "final"; }));
  }

  EXPECT_EQ(worker().orphans().awaited(), 1U);
}

TEST_F(OrphansTest, SayWhyTheKernelDoesNotLetThemListenAndThatItDoesAgain) {
  auto events = tcp::DestroyEvents::open().value();
  const Fd kept{::dup(events.fd())};
  const Fd other{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const int place = events.fd();
  ASSERT_EQ(::dup2(other.get(), place), place);  // which has no groups to join
  Orphans orphans{worker(), std::move(events)};

  orphans.await(7, make_id(0, 99));

  EXPECT_EQ(orphans.refusal().find("sock_diag events: "), 0U);
  EXPECT_EQ(orphans.missed().read(), 1U);
  EXPECT_EQ(orphans.awaited(), 0U);
  ASSERT_EQ(::dup2(kept.get(), place), place);
  orphans.await(7, make_id(0, 99));
  EXPECT_EQ(orphans.refusal(), "");
  EXPECT_EQ(orphans.awaited(), 1U);
}

TEST_F(OrphansTest, AreNotAwaitedWithoutACookieToKnowThemBy) {
  Orphans orphans{worker()};
  orphans.await(0, make_id(0, 99));

  EXPECT_EQ(orphans.awaited(), 0U);
  EXPECT_EQ(orphans.missed().read(), 1U);
}

TEST_F(OrphansTest, AreOnlySoManyAtATime) {
  Orphans orphans{worker()};
  for (std::uint64_t i = 0; i < Orphans::kMost + 5; ++i) orphans.await(~i, make_id(0, 99));

  EXPECT_EQ(orphans.awaited(), Orphans::kMost);
  EXPECT_EQ(orphans.missed().read(), 5U);
}

TEST_F(OrphansTest, AreNotAwaitedWhereTheKernelTellsNothing) {
  Orphans orphans{worker(), fail(Errc::io, "no netlink here")};
  orphans.await(7, make_id(0, 99));

  EXPECT_EQ(orphans.refusal(), "no netlink here");
  EXPECT_EQ(orphans.awaited(), 0U);
}

TEST_F(OrphansTest, CountTheTimesThatTheKernelDroppedEvents) {
  Orphans orphans{worker(), tcp::DestroyEvents::open(1)};
  orphans.await(~std::uint64_t{0}, make_id(0, 99));

  EXPECT_TRUE(run_until([&] {
    for (int i = 0; i < 50; ++i) (void)test::tcp_pair();
    return orphans.overruns().read() > 0;
  }));
}

}  // namespace
}  // namespace tcpctl
