// SPDX-License-Identifier: Apache-2.0
#include "connections/parking.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using test::pattern;
using test::ScriptedService;

class ParkingTest : public test::ConnectionFixture {
 protected:
  /// A connection that echoes, and is parked.
  Connection& serve_parked() {
    ScriptedService::Script script;
    script.on_data = [](Session& session, ByteView bytes) {
      session.send(bytes);
      return bytes.size();
    };
    Connection& connection = serve(std::move(script));
    runner.settle();
    EXPECT_TRUE(connection.park());
    return connection;
  }
};

TEST_F(ParkingTest, AnswersAPeerThatSpeaksAgain) {
  serve_parked();
  runner.settle();

  peer.write("hello");

  EXPECT_TRUE(run_until([&] { return peer.has("hello"); }));
}

TEST_F(ParkingTest, SeesTheEndOfItsPeer) {
  serve_parked();
  peer.fin();
  EXPECT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(close_of(record()).reason, Reason::peer_fin);

  serve_parked();
  peer.rst();
  EXPECT_EQ(close_of(record()).reason, Reason::peer_rst);
}

TEST_F(ParkingTest, MissesNothingThatComesWhileItIsBeingParked) {
  Connection& connection = serve_parked();
  for (int i = 1; i <= 50; ++i) {
    const std::string said = peer.received + "x";
    peer.write("x");
    if (i % 2 == 0) (void)connection.park();  // it is parked already, or has something to read
    ASSERT_TRUE(run_until([&] { return peer.has(said); }));
    (void)connection.park();
  }
}

TEST_F(ParkingTest, EndsInOrderWhenItIsEndedWhileParked) {
  Connection& connection = serve_parked();
  connection.end(Reason::admin_kill, true);
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();

  EXPECT_EQ(close_of(record()).how, How::fin);
}

TEST_F(ParkingTest, SendsAllOfWhatItsPeerDoesNotTakeAtOnce) {
  Session* session = nullptr;
  ScriptedService::Script script;
  script.on_open = [&](Session& opened) { session = &opened; };
  Connection& connection = serve(std::move(script));
  runner.settle();
  ASSERT_TRUE(connection.park());
  const std::string much = pattern(8UL << 20);

  session->send(as_bytes(much));

  EXPECT_TRUE(run_until([&] {
    peer.read();
    return peer.received.size() == much.size();
  }));
  EXPECT_TRUE(peer.received == much);
}

TEST_F(ParkingTest, TakesNobodyWhoHasSomethingToDo) {
  ScriptedService::Script script;
  script.on_peer_fin = [](Session&) {};  // it has more to say, later
  Connection& connection = serve(std::move(script));
  peer.fin();
  runner.settle();

  EXPECT_FALSE(connection.park()) << "its peer's FIN would wake it for ever";
}

}  // namespace
}  // namespace tcpctl
