// SPDX-License-Identifier: Apache-2.0
#include "connections/served.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

using test::pattern;
using test::Peer;
using ServedTest = test::ConnectionFixture;

std::size_t echo(Session& session, ByteView bytes) {
  const auto taken = bytes.first(std::min(bytes.size(), session.room()));
  session.send(taken);
  return taken.size();
}

TEST_F(ServedTest, EchoesEveryByteOfAPeerThatReadsLate) {
  const std::string sent = pattern(6UL << 20);
  serve({.on_data = echo});
  std::size_t written = 0;
  std::size_t idle = 0;
  // First the peer only writes, until everything on the way is full.
  ASSERT_TRUE(run_until([&] {
    const std::size_t now = peer.write(std::string_view{sent}.substr(written, 1UL << 20));
    written += now;
    idle = now == 0 ? idle + 1 : 0;
    return idle > 50 || written == sent.size();
  }));

  ASSERT_TRUE(run_until([&] {
    written += peer.write(std::string_view{sent}.substr(written));
    peer.read(1UL << 20);
    return peer.received.size() == sent.size();
  }));
  peer.fin();

  EXPECT_TRUE(peer.received == sent);
  EXPECT_EQ(record().bytes_out, sent.size());
}

TEST_F(ServedTest, StopsReadingAPeerThatDoesNotRead) {
  const std::string sent = pattern(8UL << 20);
  auto& connection = serve({.on_data = echo});
  std::size_t written = 0;
  std::size_t idle = 0;
  ASSERT_TRUE(run_until([&] {
    const std::size_t now = peer.write(std::string_view{sent}.substr(written, 2UL << 20));
    written += now;
    idle = now == 0 ? idle + 1 : 0;
    return idle > 50;
  })) << "it read everything";

  EXPECT_LE(connection.facts().bytes_in, connection.facts().bytes_out + Worker::kBufferBytes + 65536);
  EXPECT_LE(runner.run_beats(50), 60U) << "and does not spin";
}

TEST_F(ServedTest, OffersAgainWhatTheServiceLeftWithWhatFollows) {
  std::vector<std::string> offers;
  serve({.on_data = [&](Session&, ByteView bytes) {
    offers.emplace_back(as_text(bytes));
    return std::min<std::size_t>(bytes.size(), 3);
  }});
  peer.write("abcdefgh");
  peer.fin();

  record();

  EXPECT_THAT(offers, testing::ElementsAre("abcdefgh", "defgh", "gh"));
}

TEST_F(ServedTest, TellsThePeersFinOnceAndAfterAllItsBytes) {
  std::vector<std::string> calls;
  serve({.on_data =
             [&](Session&, ByteView bytes) {
               calls.emplace_back(as_text(bytes));
               return std::size_t{1};
             },
         .on_peer_fin =
             [&](Session& session) {
               calls.emplace_back("FIN");
               session.send(as_bytes("answer"));
               session.finish(ServiceEnd::done);
             }});
  peer.write("ab");
  peer.fin();

  const auto row = record();

  EXPECT_THAT(calls, testing::ElementsAre("ab", "b", "FIN"));
  EXPECT_TRUE(peer.has("answer"));
  EXPECT_EQ(close_of(row).reason, Reason::peer_fin) << "a service that ends because its peer did";
}

TEST_F(ServedTest, KeepsAHalfClosedConnectionWhileItsServiceWantsTo) {
  Session* held = nullptr;
  serve({.on_peer_fin = [&](Session& session) { held = &session; }});
  peer.fin();
  ASSERT_TRUE(run_until([&] { return held != nullptr; }));
  EXPECT_LE(runner.run_beats(30), 40U) << "without spinning";

  held->send(as_bytes("late"));
  ASSERT_TRUE(run_until([&] { return peer.has("late"); }));
  held->finish(ServiceEnd::done);

  EXPECT_EQ(close_of(record()).first, First::remote);
}

TEST_F(ServedTest, NoticesTheResetOfAHalfClosedPeer) {
  bool fin = false;
  serve({.on_peer_fin = [&](Session&) { fin = true; }});
  peer.fin();
  ASSERT_TRUE(run_until([&] { return fin; }));

  peer.rst();

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::fin);
}

TEST_F(ServedTest, HoldsAFloodingServiceToWhatThePeerReads) {
  const std::string line(1000, 'c');
  std::size_t made = 0;
  const auto fill = [&](Session& session) {
    for (std::size_t room = 0; (room = std::min(session.room(), line.size())) > 0; made += room)
      session.send(as_bytes(line).first(room));
  };
  auto& connection = serve({.on_open = fill, .on_room = fill});
  std::size_t before = 1;
  ASSERT_TRUE(run_until([&, still = 0]() mutable {
    still = made == before ? still + 1 : 0;
    before = made;
    return still > 50;
  })) << "it never stops";
  EXPECT_LE(made, connection.facts().bytes_out + 65536U);
  EXPECT_LE(runner.run_beats(30), 40U) << "it waits without spinning";

  ASSERT_TRUE(run_until([&] {
    peer.read(1UL << 20);
    return peer.received.size() > before + (2UL << 20);
  })) << "it goes on once the peer reads";
  peer.close();
  EXPECT_EQ(close_of(record()).first, First::remote);
}

TEST_F(ServedTest, LetsOthersHaveTheirTurnWhileOneFloods) {
  const auto flood = [](Session& session) {
    while (session.room() > 0)
      session.send(as_bytes(std::string(std::min<std::size_t>(session.room(), 4096), 'x')));
  };
  serve({.on_open = flood, .on_room = flood});
  Peer reader = std::move(peer);
  const ConnectionId flooding = id;
  serve({.on_data = echo});
  peer.write("ping");

  ASSERT_TRUE(run_until([&] {
    reader.read(256UL << 10);
    reader.received.clear();
    return peer.has("ping");
  }));

  EXPECT_FALSE(has_ended(flooding));
  reader.close();
  peer.close();
  record(flooding);
  record();
}

TEST_F(ServedTest, MayFinishBeforeAnythingCame) {
  serve({.on_open = [](Session& session) { session.finish(ServiceEnd::done); }});
  peer.write("ignored");
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).reason, Reason::local_done);
}

TEST_F(ServedTest, SendsNothingAfterItHasFinished) {
  serve({.on_open = [](Session& session) {
    session.send(as_bytes("before"));
    session.finish(ServiceEnd::done);
    session.send(as_bytes("after"));
  }});

  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  EXPECT_EQ(peer.received, "before");
  peer.close();
  record();
}

TEST_F(ServedTest, AnswersNoRoomOnceItHasEnded) {
  std::size_t room = 1;
  serve({.on_open = [&](Session& session) {
    session.finish(ServiceEnd::done);
    room = session.room();
  }});

  EXPECT_EQ(room, 0U);
  peer.close();
  record();
}

TEST_F(ServedTest, WakesItsServiceWhenItAskedForIt) {
  int woken = 0;
  Instant due{};
  serve({.on_open =
             [&](Session& session) {
               due = session.time() + 20ms;
               session.wake_at(session.time() + 1h);
               session.wake_at(due);
             },
         .on_wake =
             [&](Session& session) {
               ++woken;
               EXPECT_GE(session.time(), due);
               session.finish(ServiceEnd::done);
             }});

  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  EXPECT_EQ(woken, 1);
  peer.close();
  record();
}

TEST_F(ServedTest, HoldsNoTimerForAServiceThatWantsNone) {
  serve({.on_data = echo});
  peer.write("hello");
  ASSERT_TRUE(run_until([&] { return peer.has("hello"); }));
  peer.close();
  record();
  const auto before = worker().wheel().size();

  serve({.on_open = [](Session& session) { session.wake_at(session.time() + 1h); }});
  EXPECT_EQ(worker().wheel().size(), before + 1);
  peer.rst();
  record();

  EXPECT_LE(worker().wheel().size(), before) << "it went with its connection";
}

TEST_F(ServedTest, ReadsOnBehindItsOwnFin) {
  std::string got;
  serve({.on_open = [](Session& session) { session.finish_sending(); },
         .on_data =
             [&](Session&, ByteView bytes) {
               got += as_text(bytes);
               return bytes.size();
             }});
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  peer.write("late");
  peer.fin();
  const auto row = record();

  EXPECT_EQ(got, "late");
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::fin);
}

TEST_F(ServedTest, GoesOnBehindBothFinsUntilItsServiceIsDone) {
  serve({.on_open = [](Session& session) { session.finish_sending(); },
         .on_wake = [](Session& session) { session.finish(ServiceEnd::limit, "late"); },
         .on_peer_fin = [](Session& session) { session.wake_at(session.time() + 20ms); }});
  peer.fin();

  const auto row = record();

  EXPECT_EQ(close_of(row).reason, Reason::local_limit);
  EXPECT_EQ(close_of(row).how, How::fin);
}

TEST_F(ServedTest, ResetsBehindWhatWasSent) {
  serve({.on_open = [](Session& session) {
    session.send(as_bytes("last words"));
    session.reset("as told");
  }});

  const auto row = record();

  EXPECT_TRUE(run_until([&] { return peer.is_over(); }));
  EXPECT_EQ(peer.received, "last words");
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::local_done);
  EXPECT_EQ(close_of(row).detail, "as told");
}

TEST_F(ServedTest, SurvivesThatItsPeerResetsInTheMidstOfAnAnswer) {
  serve({.on_data = [&](Session& session, ByteView bytes) {
    peer.rst();
    for (int i = 0; i < 3; ++i) session.send(as_bytes("answer"));
    return bytes.size();
  }});
  peer.write("question");

  EXPECT_EQ(close_of(record()).reason, Reason::peer_rst);
}

TEST_F(ServedTest, ShowsItsRowWhileItLives) {
  auto& connection = serve({.on_data = echo});
  peer.write("hello");
  ASSERT_TRUE(run_until([&] { return peer.has("hello"); }));

  const auto row = connection.row();

  EXPECT_EQ(row.id, id);
  EXPECT_EQ(row.direction, Direction::inbound);
  EXPECT_EQ(row.listener, "mine");
  EXPECT_EQ(row.client, "");
  EXPECT_EQ(row.service, "test");
  EXPECT_EQ(row.state, "ESTABLISHED");
  EXPECT_EQ(row.remote, peer.local());
  EXPECT_EQ(row.bytes_in, 5U);
  EXPECT_EQ(row.bytes_out, 5U);
  ASSERT_TRUE(row.tcp);
  EXPECT_EQ(row.tcp->taken, "live");
  EXPECT_FALSE(row.close);
  EXPECT_THAT(test::timeline_of(row), testing::ElementsAre("(syn_received)", "(established)", "accepted",
                                                           "first_byte_in", "first_byte_out"));
}

}  // namespace
}  // namespace tcpctl
