// SPDX-License-Identifier: Apache-2.0
#include "connections/throttle.hpp"

#include <array>

#include <gmock/gmock.h>

#include "connections/quota.hpp"
#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

class ThrottleTest : public test::ConnectionFixture {
 protected:
  void limit(std::optional<Bytes> each, std::optional<Bytes> total) {
    bandwidth = std::make_shared<Bandwidth>(*owner->stats, each, total);
  }
  /// A served connection with those limits, and its other end.
  test::Peer serve_limited(test::ScriptedService::Script script) {
    auto pair = test::tcp_pair();
    worker().tick();
    owner->stats->add_opened();
    auto made =
        std::make_unique<ServedConnection>(worker(), owner, std::move(pair.here), pair.there.local(),
                                           std::make_unique<test::ScriptedService>(std::move(script)));
    made->set_terms({{}, bandwidth});
    Connection& connection = *made;
    worker().adopt(std::move(made));
    connection.start();
    return std::move(pair.there);
  }
  static test::ScriptedService::Script echo() {
    return {.on_data = [](Session& session, ByteView bytes) {
      if (session.room() == 0) return std::size_t{0};
      session.send(bytes);
      return bytes.size();
    }};
  }
  /// How long it takes until `readers` have got `size` bytes each.
  double seconds_until(const std::vector<test::Peer*>& readers, std::size_t size) {
    const Instant begin = now();
    EXPECT_TRUE(run_until([&] {
      bool all = true;
      for (test::Peer* const reader : readers) {
        reader->read();
        all = all && reader->received.size() >= size;
      }
      return all;
    }));
    return std::chrono::duration<double>(now() - begin).count();
  }

  std::shared_ptr<Bandwidth> bandwidth;
};

TEST_F(ThrottleTest, LetsAConnectionReadNoFasterThanItsRate) {
  limit(Bytes{200'000}, std::nullopt);
  auto peer_here = serve_limited(echo());
  const std::string sent = test::pattern(60'000);
  peer_here.write(sent);

  // A tenth of a second's worth goes at once: 40,000 bytes are waited for.
  const double took = seconds_until({&peer_here}, sent.size());

  EXPECT_GE(took, 0.19);
  EXPECT_EQ(peer_here.received, sent);
}

TEST_F(ThrottleTest, HoldsAServiceThatSendsToItsRate) {
  limit(Bytes{200'000}, std::nullopt);
  const auto fill = [](Session& session) {
    const std::string line(1000, 'x');
    for (auto room = session.room(); room > 0; room = session.room())
      session.send(as_bytes(line).first(std::min(room, line.size())));
  };
  auto reader = serve_limited({.on_open = fill, .on_room = fill});

  EXPECT_GE(seconds_until({&reader}, 60'000), 0.19);
  EXPECT_LT(reader.received.size(), 80'000U);
}

TEST_F(ThrottleTest, WaitsWithoutSpinning) {
  limit(Bytes{10'000}, std::nullopt);
  auto peer_here = serve_limited(echo());
  peer_here.write(test::pattern(100'000));
  runner.run_beats(20);

  EXPECT_LE(runner.run_beats(100), 115U);
}

TEST_F(ThrottleTest, ConnectionsShareTheirListenersBandwidthEvenly) {
  limit(std::nullopt, Bytes{400'000});
  std::vector<test::Peer> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(serve_limited(echo()));
  for (auto& one : peers) one.write(test::pattern(100'000));

  const double took = seconds_until({&peers[0], &peers[1], &peers[2], &peers[3]}, 20'000);

  EXPECT_GE(took, 0.09) << "80,000 bytes less the first 40,000";
  for (auto& one : peers) EXPECT_LT(one.received.size(), 80'000U) << "nobody is served before the others";
}

TEST_F(ThrottleTest, WhatOtherWorkersMoveCountsToo) {
  limit(std::nullopt, Bytes{200'000});
  auto peer_here = serve_limited(echo());
  SharedRate{owner->stats->taken_in(), Bytes{200'000}}.take(now(), 60'000);  // as another one does
  peer_here.write("x");

  EXPECT_GE(seconds_until({&peer_here}, 1), 0.15);
}

TEST_F(ThrottleTest, AConnectionMayEndWhileItWaits) {
  limit(std::nullopt, Bytes{1000});
  auto one = serve_limited(echo());
  auto two = serve_limited(echo());
  one.write(test::pattern(5000));
  two.write("hello");
  runner.run_beats(5);

  worker().find(make_id(0, 1))->abort(Reason::admin_kill);

  EXPECT_TRUE(run_until([&] { return two.has("hello"); }));
}

TEST(Throttle, WorkersThatAreBothBusyComeInTurnAndKeepToTheRate) {
  SharedTokens tokens;
  std::array workers{SharedRate{tokens, Bytes{1'000'000}}, SharedRate{tokens, Bytes{1'000'000}}};
  const Instant begin{1h};
  std::array turns{begin, begin};
  std::array<std::uint64_t, 2> moved{};
  for (Instant time = begin; time < begin + 10s; time += 1ms) {
    for (std::size_t i : {0U, 1U}) {  // the first always looks first
      if (time < turns[i]) continue;
      moved[i] += workers[i].share();
      turns[i] = workers[i].reserve(time);
    }
  }

  EXPECT_NEAR(static_cast<double>(moved[0] + moved[1]), 10'000'000, 250'000);
  EXPECT_NEAR(static_cast<double>(moved[0]), static_cast<double>(moved[1]), 100'000);
}

TEST(Throttle, WhatWasTakenAtAnotherRateIsNoDebt) {
  SharedTokens tokens;
  SharedRate slow{tokens, Bytes{1000}};
  slow.take(Instant{1h}, 1'000'000);
  ASSERT_EQ(slow.available(Instant{1h}), 0U);

  EXPECT_GT((SharedRate{tokens, Bytes{2000}}.available(Instant{1h})), 0U);
}

TEST(Throttle, AShareThatIsGivenBackIsFree) {
  SharedTokens tokens;
  SharedRate rate{tokens, Bytes{1'000'000}};
  rate.take(Instant{1h}, 100'000);
  const Instant first = rate.reserve(Instant{1h});
  rate.give_back(rate.share());

  EXPECT_EQ(rate.reserve(Instant{1h}), first);
}

}  // namespace
}  // namespace tcpctl
