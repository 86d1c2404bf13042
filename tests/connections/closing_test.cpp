// SPDX-License-Identifier: Apache-2.0
// How connections end, and what their records say of it.
#include <ctime>

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/connection_fixture.hpp"
#include "tcp/sock_diag.hpp"
#include "tcp/socket.hpp"

namespace {

std::chrono::seconds wall_step{0};  // how far the wall's clock of this program is off

}  // namespace

/// The program's own stands before the C library's, for the libraries as well.
extern "C" int clock_gettime(clockid_t which, timespec* time) noexcept {
  const auto done = static_cast<int>(::syscall(SYS_clock_gettime, which, time));
  if (done == 0 && which == CLOCK_REALTIME) time->tv_sec += wall_step.count();
  return done;
}

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::timeline_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

using ClosingTest = test::ConnectionFixture;

TEST_F(ClosingTest, SaysThatThePeerEndedFirstWithAFin) {
  serve({});
  peer.fin();

  const auto row = record();

  const auto close = close_of(row);
  EXPECT_EQ(close.first, First::remote);
  EXPECT_EQ(close.how, How::fin);
  EXPECT_EQ(close.reason, Reason::peer_fin);
  EXPECT_EQ(close.phase, Phase::data);
  EXPECT_EQ(close.code, "--");
  EXPECT_EQ(row.state, "CLOSED");
  EXPECT_THAT(timeline_of(row), ElementsAre("(syn_received)", "(established)", "accepted", "fin_received",
                                            "fin_sent", "fin_acked", "closed"));
  EXPECT_TRUE(peer.at_eof());
}

TEST_F(ClosingTest, SaysThatThePeerReset) {
  serve({});
  peer.rst();

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::peer_rst);
  EXPECT_EQ(row.state, "CLOSED");
  EXPECT_THAT(timeline_of(row),
              ElementsAre("(syn_received)", "(established)", "accepted", "rst_received", "closed"));
}

TEST_F(ClosingTest, TellsTheResetOfAPeerThatHadSentBefore) {
  std::string seen;
  serve({.on_data = [&](Session&, ByteView bytes) {
    seen += as_text(bytes);
    return bytes.size();
  }});
  peer.write("last words");
  peer.rst();

  const auto row = record();

  EXPECT_EQ(seen, "last words");
  EXPECT_EQ(close_of(row).reason, Reason::peer_rst);
  EXPECT_EQ(row.bytes_in, 10U);
}

TEST_F(ClosingTest, SaysThatTheServiceEndedFirst) {
  serve({.on_open = [](Session& session) {
    session.send(as_bytes("bye"));
    session.finish(ServiceEnd::done);
  }});
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "bye");
  EXPECT_FALSE(has_ended(id)) << "it waits for the peer's FIN";
  peer.close();

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).reason, Reason::local_done);
  EXPECT_EQ(row.state, "TIME_WAIT");
  const auto held = tcp::closing_sockets().value();
  EXPECT_EQ(to_row(*worker().history().find(id), now(), held).state, "TIME_WAIT") << "as the kernel says";
  EXPECT_THAT(timeline_of(row),
              IsSupersetOf({"first_byte_out", "fin_sent", "fin_received", "(time_wait)", "closed"}));
}

TEST_F(ClosingTest, NamesWhatAServiceEndsFor) {
  serve({.on_open = [](Session& session) { session.finish(ServiceEnd::limit, "enough"); }});
  peer.close();

  const auto close = close_of(record());

  EXPECT_EQ(close.reason, Reason::local_limit);
  EXPECT_EQ(close.detail, "enough");
}

TEST_F(ClosingTest, AbortsWithAResetAndSaysWhatWasLost) {
  auto& connection = serve({.on_open = [](Session& session) {
    session.send(as_bytes(std::string(8UL << 20, 'x')));  // more than the kernel holds
  }});

  connection.abort(Reason::admin_kill);

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::admin_kill);
  EXPECT_THAT(close_of(row).detail, HasSubstr("bytes not delivered to " + peer.local().text()));
  EXPECT_THAT(timeline_of(row), IsSupersetOf({"rst_sent", "closed"}));
  EXPECT_TRUE(run_until([&] { return peer.was_reset(); }));
}

TEST_F(ClosingTest, KeepsTheFirstReasonAndNoOther) {
  auto& connection = serve({});

  connection.finish(Reason::drain, "first");
  connection.finish(Reason::idle_timeout, "second");
  connection.abort(Reason::admin_kill, "third");

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::drain);
  EXPECT_EQ(close.detail, "first");
  EXPECT_EQ(close.first, First::local);
  EXPECT_EQ(close.how, How::fin) << "the FIN was out before the reset";
  EXPECT_EQ(worker().history().entries().size(), 1U);
  EXPECT_EQ(owner->stats->active(), 0U);
}

TEST_F(ClosingTest, EndsWhatIsIdle) {
  owner->idle_timeout = 20ms;
  serve({});
  peer.write("x");
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).reason, Reason::idle_timeout);
  EXPECT_GE(close_of(row).duration, 20ms);
  EXPECT_EQ(row.bytes_in, 1U);
}

TEST_F(ClosingTest, EndsAHalfClosedConnectionWhoseOtherSideIsSilent) {
  owner->half_closed_timeout = 20ms;
  Connection& connection = serve({.on_peer_fin = [](Session&) {}});
  runner.run_beats(50);
  EXPECT_EQ(connection.stage(), Connection::Stage::open) << "while neither side has ended";

  peer.fin();

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).reason, Reason::idle_timeout);
  EXPECT_EQ(close_of(row).detail, "half_closed_timeout");
}

TEST_F(ClosingTest, TheEarliestOfItsTimeoutsEndsIt) {
  owner->idle_timeout = 10min;
  owner->half_closed_timeout = 10min;
  owner->max_lifetime = 30ms;
  serve({});
  ASSERT_TRUE(run_until([&] {
    peer.write("x");
    return peer.at_eof();
  }));
  peer.close();

  const auto row = record();
  EXPECT_EQ(close_of(row).reason, Reason::local_limit);
  EXPECT_EQ(close_of(row).detail, "max_lifetime");
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_GE(close_of(row).duration, 30ms);
}

TEST_F(ClosingTest, IsNotIdleWhileBytesMove) {
  owner->idle_timeout = 200ms;
  std::size_t got = 0;
  serve({.on_data = [&](Session&, ByteView bytes) {
    got += bytes.size();
    return bytes.size();
  }});
  const Instant begin = now();
  while (now() < begin + 400ms && !has_ended(id)) {
    peer.write("x");
    runner.turn_once();
  }

  EXPECT_FALSE(has_ended(id));
  EXPECT_GT(got, 0U);
}

TEST_F(ClosingTest, ResetsAPeerThatDoesNotEndWithinTheCloseTimeout) {
  owner->close_timeout = 20ms;
  auto& connection = serve({});

  connection.finish(Reason::drain);

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).reason, Reason::drain);
  EXPECT_GE(close_of(row).duration, 20ms);
  EXPECT_THAT(timeline_of(row), IsSupersetOf({"fin_sent", "rst_sent"}));
  EXPECT_EQ(row.state, "CLOSED");
  EXPECT_TRUE(run_until([&] {
    peer.write("x");
    return peer.was_reset();
  }));
}

TEST_F(ClosingTest, DeliversAFullSendQueueBeforeItsFin) {
  const std::string much = test::pattern(6UL << 20);
  serve({.on_open = [&](Session& session) {
    session.send(as_bytes(much));
    session.finish(ServiceEnd::done);
  }});
  runner.settle();
  EXPECT_FALSE(has_ended(id));

  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();

  EXPECT_TRUE(peer.received == much);
  const auto row = record();
  EXPECT_EQ(row.bytes_out, much.size());
  EXPECT_EQ(close_of(row).detail, "");
}

TEST_F(ClosingTest, GivesUpOnASendQueueThatNobodyReads) {
  owner->close_timeout = 30ms;
  serve({.on_open = [&](Session& session) {
    session.send(as_bytes(std::string(8UL << 20, 'x')));
    session.finish(ServiceEnd::done);
  }});

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::local_done);
  EXPECT_THAT(close_of(row).detail, HasSubstr("bytes not delivered"));
  EXPECT_THAT(timeline_of(row), Not(Contains("fin_sent")));
}

TEST_F(ClosingTest, LosesNothingItSentWhenInputIsLeftUnread) {
  serve({.on_data = [](Session& session, ByteView) {
    session.send(as_bytes("too much for me\n"));
    session.finish(ServiceEnd::done);
    return std::size_t{0};
  }});
  std::string flood(1UL << 20, 'x');
  flood.erase(0, peer.write(flood));
  ASSERT_TRUE(run_until([&] {
    flood.erase(0, peer.write(flood));
    return peer.is_over();
  }));
  flood.clear();

  EXPECT_EQ(peer.error, 0) << "a reset would throw away what was sent";
  EXPECT_EQ(peer.received, "too much for me\n");
  peer.close();
  EXPECT_EQ(close_of(record()).first, First::local);
}

TEST_F(ClosingTest, PassesThroughClosingWhenBothFinsCross) {
  auto pair = test::tcp_pair();
  peer = std::move(pair.there);
  const int size = 8 << 20;
  ::setsockopt(pair.here.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  std::size_t filled = 0;
  const std::string chunk(65536, 'x');
  // Until the peer's window is shut, and a little more.
  const int here = pair.here.get();
  while (tcp::unacknowledged(here) < (1U << 20) && filled < (8UL << 20)) {
    const ssize_t sent = ::send(here, chunk.data(), chunk.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    filled += static_cast<std::size_t>(sent);
  }
  auto& connection = serve(std::move(pair.here), {});

  connection.finish(Reason::drain);
  EXPECT_EQ(connection.state(), tcp::State::fin_wait_1);
  peer.fin();
  EXPECT_EQ(connection.state(), tcp::State::closing);
  runner.settle();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  EXPECT_EQ(peer.received.size(), filled);
  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::remote) << "ours was behind what the peer had not taken";
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(row.state, "TIME_WAIT");
}

TEST_F(ClosingTest, TellsAResetThatCameBeforeItsOwnFin) {
  serve({.on_data = [](Session& session, ByteView bytes) {
    session.finish(ServiceEnd::done);
    return bytes.size();
  }});
  peer.write("quit\n");
  peer.rst();

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::local_done);
  EXPECT_THAT(timeline_of(row), Not(Contains("fin_sent")));
  EXPECT_THAT(timeline_of(row), Contains("rst_received"));
}

TEST_F(ClosingTest, TellsAFinThatCameBeforeItsOwnThoughNobodyHadReadIt) {
  auto& connection = serve({});
  peer.fin();

  connection.finish(Reason::drain);

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).reason, Reason::drain);
  EXPECT_EQ(row.state, "CLOSED");
}

TEST_F(ClosingTest, ResetsOnceAllIsDeliveredWhereAskedTo) {
  const std::string much = test::pattern(8UL << 20);
  auto& connection = serve({.on_open = [&](Session& session) { session.send(as_bytes(much)); }});

  connection.abort_when_delivered(Reason::peer_rst, "the other leg ended");

  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));
  EXPECT_TRUE(peer.received == much);
  EXPECT_EQ(peer.error, ECONNRESET);
  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::peer_rst);
  EXPECT_EQ(close_of(row).detail, "the other leg ended");
}

TEST_F(ClosingTest, ResetsAnywayIfThePeerNeverReads) {
  owner->close_timeout = 30ms;
  auto& connection =
      serve({.on_open = [&](Session& session) { session.send(as_bytes(std::string(8UL << 20, 'x'))); }});

  connection.abort_when_delivered(Reason::peer_rst);

  EXPECT_THAT(close_of(record()).detail, HasSubstr("bytes not delivered"));
}

TEST_F(ClosingTest, KeepsTheLastCountsOfTheKernel) {
  serve({});
  peer.write("hello");
  peer.fin();

  const auto row = record();

  ASSERT_TRUE(row.tcp);
  EXPECT_EQ(row.tcp->taken, "final");
  EXPECT_GT(row.tcp->mss_bytes, 0U);
  EXPECT_EQ(row.tcp->congestion, "cubic");
}

TEST_F(ClosingTest, CountsTheEndForItsListener) {
  serve({});
  peer.write("12345");
  peer.fin();
  record();

  EXPECT_EQ(owner->stats->active(), 0U);
  EXPECT_EQ(owner->stats->sum(&PartyShare::bytes_in), 5U);
  EXPECT_EQ(owner->stats->sum(&PartyShare::duration).total(), 1U);
  const auto closes = owner->stats->closes();
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].reason, Reason::peer_fin);
  EXPECT_EQ(worker().load().read(), 0U);
}

TEST_F(ClosingTest, EndsAUnixConnectionInOrderWithoutTcpFacts) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  peer = Peer{Fd{fds[1]}};
  std::string seen;
  serve(Fd{fds[0]}, {.on_data = [&](Session& session, ByteView bytes) {
          session.send(bytes);
          return bytes.size();
        }});
  peer.write("over unix");
  ASSERT_TRUE(run_until([&] { return peer.has("over unix"); }));
  peer.fin();

  const auto row = record();

  EXPECT_FALSE(row.tcp);
  EXPECT_FALSE(row.handshake);
  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::fin);
  EXPECT_EQ(close_of(row).reason, Reason::peer_fin);
  EXPECT_THAT(timeline_of(row), Not(Contains("(syn_received)")));
  EXPECT_TRUE(peer.at_eof());
}

TEST_F(ClosingTest, EndsAUnixConnectionByItself) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  peer = Peer{Fd{fds[1]}};
  serve(Fd{fds[0]}, {.on_open = [](Session& session) {
          session.send(as_bytes("bye"));
          session.finish(ServiceEnd::done);
        }});
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "bye");
  peer.close();

  const auto close = close_of(record());
  EXPECT_EQ(close.first, First::local);
  EXPECT_EQ(close.reason, Reason::local_done);
}

TEST_F(ClosingTest, DoesNotSpinWhileItWaitsForThePeer) {
  auto& connection = serve({});
  connection.finish(Reason::drain);
  runner.settle();

  EXPECT_LE(runner.run_beats(50), 60U);

  peer.fin();
  record();
}

TEST_F(ClosingTest, MeasuresByTheMonotonicClockWhileTheOtherIsPutBack) {
  serve({});
  const WallTime before = wall_now();
  wall_step = -1h;
  EXPECT_LT(wall_now(), before) << "the step is felt";
  peer.write("late");
  peer.fin();

  const auto row = record();
  wall_step = 0s;

  const auto close = close_of(row);
  EXPECT_GE(close.duration, 0s);
  EXPECT_LT(close.duration, 30min);
  EXPECT_LE(close.at - row.opened_at - close.duration, 1us);
  EXPECT_LE(close.duration - (close.at - row.opened_at), 1us);
  WallTime last = row.opened_at;
  for (const auto& entry : row.timeline) {
    if (!entry.at) continue;
    EXPECT_GE(*entry.at, last) << text(entry.event);
    last = *entry.at;
  }
  EXPECT_EQ(last, close.at);
}

}  // namespace
}  // namespace tcpctl
