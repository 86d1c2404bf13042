// SPDX-License-Identifier: Apache-2.0
#include "connections/proxy_header.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"
#include "tcp/proxy_protocol.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

const std::string kV1 = "PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n";

std::string v2(const std::string& id = "2-1417") {
  return tcp::proxy_header_v2(parse_ip_port("[2001:db8::1]:8080").value(),
                              parse_ip_port("[2001:db8::2]:80").value(), id);
}

class ProxyHeaderTest : public test::ConnectionFixture {
 protected:
  /// Waits for the header of one end of a new connection; behind it, a service greets and echoes.
  void await(ProxyHeaderLimits limits = {10min, 4096}) {
    auto pair = test::tcp_pair();
    peer = std::move(pair.there);
    worker().tick();
    owner->stats->add_opened();
    auto made = std::make_unique<ProxyHeaderConnection>(
        worker(), owner, std::move(pair.here), peer.local(), limits,
        [this](ProxyHeaderConnection& connection) { go_on(connection); });
    Connection& connection = *made;
    id = connection.facts().id;
    worker().adopt(std::move(made));
    connection.start();
  }
  void go_on(ProxyHeaderConnection& connection) {
    was_local = connection.is_local();
    ++headers;
    auto handed = connection.hand_over();
    auto made = std::make_unique<ServedConnection>(
        worker(), owner, std::move(handed.fd), peer.local(),
        std::make_unique<test::ScriptedService>(
            test::ScriptedService::Script{.on_open = [](Session& session) { session.send(as_bytes("hi ")); },
                                          .on_data =
                                              [](Session& session, ByteView bytes) {
                                                session.send(bytes);
                                                return bytes.size();
                                              }}));
    made->go_on(std::move(handed.facts));
    Connection& served = *made;
    worker().adopt(std::move(made));
    served.start();
  }
  bool gets(std::string_view text) {
    return run_until([&] { return peer.has(text) || peer.is_over(); }) && peer.received == text;
  }

  int headers{0};
  bool was_local{false};
};

TEST_F(ProxyHeaderTest, WaitsForTheLastByteOfAHeaderAndServesWithNoneOfIt) {
  for (const std::string& header : {kV1, v2()}) {
    SCOPED_TRACE(escaped(as_bytes(header)));
    await();
    for (std::size_t i = 0; i < header.size(); ++i) {
      ASSERT_EQ(headers, 0) << "after " << i << " bytes";
      peer.write(header.substr(i, 1));
      runner.turn_once();
    }
    EXPECT_TRUE(gets("hi ")) << "greeted only behind the header";
    peer.write("data");
    EXPECT_TRUE(gets("hi data"));
    peer.fin();

    const auto row = record();
    EXPECT_EQ(row.bytes_in, 4U) << "the header is none of the client's bytes";
    EXPECT_EQ(std::exchange(headers, 0), 1);
  }
}

TEST_F(ProxyHeaderTest, CostsNoTurnsWhileItWaits) {
  await();
  runner.settle();
  peer.write(kV1.substr(0, 20));
  runner.settle();

  EXPECT_LE(runner.run_beats(30), 40U);
  peer.rst();
  record();
}

TEST_F(ProxyHeaderTest, LosesNothingOfHeaderDataAndFinInOneSegment) {
  await();
  peer.write(v2() + "question");
  peer.fin();

  EXPECT_TRUE(gets("hi question"));
  EXPECT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(close_of(record()).reason, Reason::peer_fin);
}

TEST_F(ProxyHeaderTest, KeepsTheRecordThatBeganAtTheAccept) {
  await();
  EXPECT_FALSE(worker().find(id)->row().close);
  const auto opened_at = worker().find(id)->facts().opened_wall;
  peer.write(v2("a\xff"));
  ASSERT_TRUE(gets("hi "));

  const auto row = worker().find(id)->row();
  EXPECT_EQ(row.id, id);
  EXPECT_EQ(row.opened_at, opened_at);
  EXPECT_EQ(row.remote, peer.local());
  EXPECT_EQ(row.proxied_source, "[2001:db8::1]:8080");
  EXPECT_EQ(row.proxied_destination, "[2001:db8::2]:80");
  EXPECT_EQ(row.proxied_id, "a\\xff");
  EXPECT_THAT(test::timeline_of(row),
              testing::ElementsAre("(syn_received)", "(established)", "accepted", "first_byte_out"));
  EXPECT_EQ(worker().opened().read(), 1U) << "two objects, one connection";
  EXPECT_EQ(worker().load().read(), 1U);
  peer.fin();
  EXPECT_EQ(record().proxied_source, "[2001:db8::1]:8080");
  EXPECT_EQ(owner->stats->active(), 0U);
  EXPECT_EQ(worker().history().entries().size(), 1U);
}

TEST_F(ProxyHeaderTest, KeepsTheRealAddressesOfAProxysOwnConnection) {
  await();
  peer.write(tcp::proxy_header_local() + "ping");
  EXPECT_TRUE(gets("hi ping"));

  EXPECT_TRUE(was_local);
  EXPECT_EQ(worker().find(id)->row().proxied_source, "");
  EXPECT_EQ(worker().find(id)->facts().source(), peer.local());
  peer.fin();
  record();
}

TEST_F(ProxyHeaderTest, EndsAConnectionWhoseHeaderIsWrong) {
  await();
  peer.write("GET /\x1b[2J HTTP/1.1\r\n");
  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));
  peer.close();

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::proxy_header_error);
  EXPECT_EQ(close.phase, Phase::proxy_header);
  EXPECT_EQ(close.code, "PR");
  EXPECT_EQ(close.first, First::local);
  EXPECT_EQ(close.detail, "neither a v1 nor a v2 header: it begins with 'GET /\\x1b[2J HTTP/1...'");
  EXPECT_EQ(peer.received, "") << "nothing of the service's";
}

TEST_F(ProxyHeaderTest, EndsAConnectionWhoseHeaderIsOversized) {
  await({10min, 536});
  peer.write(std::string{"\r\n\r\n\0\r\nQUIT\n\x20\0\x02\x09", 16});
  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));
  peer.close();

  EXPECT_EQ(close_of(record()).detail, "v2: oversized: 537 bytes, 536 are allowed");
}

TEST_F(ProxyHeaderTest, EndsAConnectionWhoseHeaderIsLate) {
  await({20ms, 4096});
  peer.write("PROXY");
  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));
  peer.close();

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::proxy_header_error);
  EXPECT_EQ(close.phase, Phase::proxy_header);
  EXPECT_EQ(close.detail, "5 bytes of the header came within 20ms");
}

TEST_F(ProxyHeaderTest, GivesTheServiceNoDeadlineOfTheHeader) {
  await({20ms, 4096});
  peer.write(kV1);
  ASSERT_TRUE(gets("hi "));
  runner.run_beats(60);

  EXPECT_FALSE(has_ended(id));
  peer.fin();
  record();
}

TEST_F(ProxyHeaderTest, EndsAConnectionWhoseHeaderIsCutByAFin) {
  await();
  peer.write(v2().substr(0, 30));
  peer.fin();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::proxy_header_error);
  EXPECT_EQ(close.first, First::remote);
  EXPECT_EQ(close.how, How::fin);
  EXPECT_EQ(close.detail, "the peer's FIN came after 30 bytes of the header");
}

TEST_F(ProxyHeaderTest, EndsAConnectionWhoseHeaderIsCutAtAnyByte) {
  for (const std::string& header : {kV1, v2()}) {
    for (std::size_t cut = 1; cut < header.size(); ++cut) {
      SCOPED_TRACE(cut);
      await();
      peer.write(header.substr(0, cut));
      peer.fin();
      const auto by_fin = close_of(record());
      EXPECT_EQ(by_fin.reason, Reason::proxy_header_error);
      EXPECT_EQ(by_fin.detail, fmt::format("the peer's FIN came after {} bytes of the header", cut));
      EXPECT_EQ(peer.received, "");

      await();
      runner.settle();
      peer.write(header.substr(0, cut));
      peer.rst();
      const auto by_rst = close_of(record());
      EXPECT_EQ(by_rst.reason, Reason::peer_rst);
      EXPECT_EQ(by_rst.phase, Phase::proxy_header);
    }
  }
  EXPECT_EQ(headers, 0);
}

TEST_F(ProxyHeaderTest, TakesAPeerThatLeavesWithoutAWordForWhatItIs) {
  await();
  peer.fin();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::peer_fin);
  EXPECT_EQ(close.phase, Phase::proxy_header);
}

TEST_F(ProxyHeaderTest, NoticesAnRstBehindAPartOfTheHeader) {
  await();
  runner.settle();
  peer.write("PROXY TCP4");
  peer.rst();

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::peer_rst);
  EXPECT_EQ(close.phase, Phase::proxy_header);
  EXPECT_EQ(close.how, How::rst);
}

TEST_F(ProxyHeaderTest, EndsByTheOperatorsWishWhileItWaits) {
  await();
  runner.settle();
  worker().find(id)->end(Reason::admin_kill, false);

  EXPECT_EQ(close_of(record()).reason, Reason::admin_kill);
  EXPECT_TRUE(run_until([&] { return peer.was_reset(); }));
}

}  // namespace
}  // namespace tcpctl
