// SPDX-License-Identifier: Apache-2.0
#include "connections/client_connection.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"
#include "tcp/socket.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using testing::Contains;
using testing::ElementsAre;

class ClientConnectionTest : public test::ConnectionFixture, public ClientConnection::Observer {
 protected:
  ClientConnectionTest() { owner = test::make_owner(Owner::Kind::client, "keep"); }

  ClientConnection& connect(const Address& address, Duration timeout = 1min) {
    worker().tick();
    auto connecting = tcp::connect_to(address, {}).value();
    owner->stats->add_opened();
    auto made = std::make_unique<ClientConnection>(worker(), owner, std::move(connecting.fd), address, *this);
    ClientConnection& connection = *made;
    id = connection.facts().id;
    worker().adopt(std::move(made));
    connection.connect_within(timeout);
    connection.start();
    if (connecting.error != 0) connection.fail_connect(connecting.error);
    return connection;
  }
  ClientConnection& connect_up() {
    auto& connection = connect(listener.address());
    EXPECT_TRUE(run_until([&] { return !calls.empty(); }));
    peer = Peer{listener.accept()};
    return connection;
  }

  void on_up(ClientConnection&) override { calls.emplace_back("up"); }
  void on_data(ClientConnection&, ByteView bytes) override { received += as_text(bytes); }
  void on_peer_fin(ClientConnection& connection) override {
    calls.emplace_back("fin");
    connection.finish(Reason::peer_fin);
  }
  void on_gone(ClientConnection&) override { calls.emplace_back("gone"); }

  test::PlainListener listener;
  std::vector<std::string> calls;
  std::string received;
};

TEST_F(ClientConnectionTest, ConnectsAndTalks) {
  auto& connection = connect_up();
  connection.send(as_bytes("hello"));
  ASSERT_TRUE(run_until([&] { return peer.has("hello"); }));
  peer.write("welcome");
  ASSERT_TRUE(run_until([&] { return received == "welcome"; }));

  const auto row = connection.row();
  EXPECT_EQ(row.direction, Direction::outbound);
  EXPECT_EQ(row.client, "mine");
  EXPECT_EQ(row.listener, "");
  EXPECT_EQ(row.local, tcp::remote_address(peer.fd()));
  EXPECT_THAT(test::timeline_of(row),
              ElementsAre("syn_sent", "established", "first_byte_out", "first_byte_in"));
  EXPECT_EQ(owner->stats->sum(&PartyShare::bytes_out), 5U);

  peer.fin();
  record();
  EXPECT_THAT(calls, ElementsAre("up", "fin", "gone"));
}

TEST_F(ClientConnectionTest, TellsThatItWasRefused) {
  connect(test::closed_port());

  const auto row = record();

  EXPECT_THAT(calls, ElementsAre("gone"));
  EXPECT_EQ(close_of(row).first, First::remote);
  EXPECT_EQ(close_of(row).how, How::rst);
  EXPECT_EQ(close_of(row).reason, Reason::connect_refused);
  EXPECT_EQ(close_of(row).phase, Phase::connect);
  EXPECT_EQ(close_of(row).detail, errno_text(ECONNREFUSED));
  EXPECT_THAT(test::timeline_of(row), ElementsAre("syn_sent", "rst_received", "closed"));
}

TEST_F(ClientConnectionTest, GivesUpAfterItsTimeout) {
  const test::DeadEnd dead;
  auto& connection = connect(dead.address(), 20ms);
  EXPECT_EQ(connection.row().state, "SYN_SENT");
  EXPECT_EQ(connection.stage(), Connection::Stage::connecting);

  const auto row = record();

  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::timeout);
  EXPECT_EQ(close_of(row).reason, Reason::connect_timeout);
  EXPECT_GE(close_of(row).duration, 20ms);
}

TEST_F(ClientConnectionTest, IsNoAttemptAnyMoreOnceItIsUp) {
  connect(listener.address(), 30ms);
  ASSERT_TRUE(run_until([&] { return !calls.empty(); }));
  peer = Peer{listener.accept()};
  runner.run_beats(60);

  EXPECT_THAT(calls, ElementsAre("up"));
}

TEST_F(ClientConnectionTest, SaysThatAUnixSocketIsNotThere) {
  connect(Address::unix_path("/nonexistent/socket"));

  const auto row = record();

  EXPECT_EQ(close_of(row).reason, Reason::connect_refused);
  EXPECT_EQ(close_of(row).first, First::unknown);
  EXPECT_EQ(close_of(row).how, How::abort);
  EXPECT_FALSE(row.tcp);
}

TEST_F(ClientConnectionTest, IsEndedWhileItConnects) {
  const test::DeadEnd dead;
  auto& connection = connect(dead.address());

  connection.finish(Reason::local_done);

  const auto row = record();
  EXPECT_EQ(close_of(row).first, First::local);
  EXPECT_EQ(close_of(row).how, How::abort);
  EXPECT_EQ(close_of(row).phase, Phase::connect);
  EXPECT_THAT(calls, ElementsAre("gone"));
}

TEST_F(ClientConnectionTest, TellsThePeersResetAfterItsData) {
  connect_up();
  peer.write("bye");
  peer.rst();

  const auto row = record();

  EXPECT_EQ(received, "bye");
  EXPECT_EQ(close_of(row).reason, Reason::peer_rst);
  EXPECT_THAT(calls, ElementsAre("up", "gone"));
}

TEST_F(ClientConnectionTest, TakesInAllOfAFloodWithItsFin) {
  connect_up();
  const std::string much = test::pattern(8UL << 20);
  std::size_t written = 0;
  ASSERT_TRUE(run_until([&] {
    if (written < much.size()) {
      written += peer.write(std::string_view{much}.substr(written));
      if (written == much.size()) peer.fin();
    }
    return has_ended(id);
  }));

  EXPECT_TRUE(received == much);
  EXPECT_THAT(calls, Contains("fin"));
}

TEST_F(ClientConnectionTest, KeepsTheOrderOfWhatIsSentPieceByPieceToASlowReader) {
  auto& connection = connect_up();
  const std::string much = test::pattern(6UL << 20);
  std::size_t sent = 0;
  // Never empty for long, the queue must neither mix up nor keep what has gone.
  ASSERT_TRUE(run_until([&] {
    while (sent < much.size() && connection.queued() < (512U << 10)) {
      const auto piece = std::string_view{much}.substr(sent, 10'000);
      connection.send(as_bytes(piece));
      sent += piece.size();
    }
    peer.read(200'000);
    return peer.received.size() == much.size();
  }));

  EXPECT_TRUE(peer.received == much);
  peer.close();
  record();
}

TEST_F(ClientConnectionTest, SaysNothingToAnObserverThatHasLeft) {
  auto& connection = connect_up();
  connection.forget_observer();
  peer.write("unheard");
  peer.fin();
  runner.settle();
  connection.finish(Reason::local_done);

  record();

  EXPECT_THAT(calls, ElementsAre("up"));
  EXPECT_EQ(received, "");
}

}  // namespace
}  // namespace tcpctl
