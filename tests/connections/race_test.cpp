// SPDX-License-Identifier: Apache-2.0
#include "connections/race.hpp"

#include <deque>

#include <gmock/gmock.h>

#include "connections/relay.hpp"
#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::closed_port;
using test::Peer;
using testing::ElementsAre;
using testing::HasSubstr;

/// What a relay tells of its targets, each of which has several addresses.
struct Targets {
  std::deque<std::vector<Address>> answers;
  std::vector<std::string> calls;
};

class FakeTargets final : public TargetSource {
 public:
  explicit FakeTargets(std::shared_ptr<Targets> targets) : targets_{std::move(targets)} {}

  void next(const Address& /*source*/, std::function<void(Result<Target>)> answer) override {
    if (targets_->answers.empty()) {
      answer(fail(Errc::unavailable, "none is eligible"));
      return;
    }
    const auto list = std::make_shared<const AddressList>(targets_->answers.front());
    targets_->answers.pop_front();
    ++taken_;
    answer(Target{list->at(0, 0), std::make_shared<const std::string>(name()), list, 0});
  }
  Traffic* connected(Duration /*took*/) override {
    note("connected " + name());
    return nullptr;
  }
  void failed(Reason reason) override { note("failed " + name() + " " + std::string{text(reason)}); }
  void ended(const Facts& /*leg*/) override { note("ended " + name()); }
  void leave() override {}

 private:
  [[nodiscard]] std::string name() const { return "u" + std::to_string(taken_); }
  void note(const std::string& what) { targets_->calls.push_back(what); }
  const std::shared_ptr<Targets> targets_;
  std::size_t taken_{0};
};

/// The race of a forwarded session; that of a client is tested with the clients.
class RaceTest : public test::ConnectionFixture {
 protected:
  void begin(const std::vector<std::vector<Address>>& answers) {
    targets->answers.assign(answers.begin(), answers.end());
    auto pair = test::tcp_pair();
    peer = std::move(pair.there);
    worker().tick();
    owner->stats->add_opened();
    const RelayPtr relay = Relay::make(worker(), options, std::make_unique<FakeTargets>(targets));
    relay->start(owner, std::move(pair.here), peer.local());
    id = make_id(0, 1);
  }
  bool has_called(const std::string& call) {
    return run_until([&] { return !targets->calls.empty() && targets->calls.back() == call; });
  }
  ConnectionRow attempt(std::uint64_t number) { return record(make_id(0, number + 1)); }
  std::string end_of(std::uint64_t number) {
    const auto row = attempt(number);
    return row.remote.text() + " " + std::string{text(close_of(row).reason)};
  }

  test::PlainListener listener;
  std::shared_ptr<Targets> targets = std::make_shared<Targets>();
  std::shared_ptr<RelayOptions> options = std::make_shared<RelayOptions>(RelayOptions{1min, 1, true, {}});
};

TEST_F(RaceTest, TakesTheNextAddressAtOnceWhenOneFails) {
  const Address refusing = closed_port();
  begin({{refusing, listener.address()}});

  ASSERT_TRUE(has_called("connected u1"));

  EXPECT_EQ(end_of(1), refusing.text() + " connect_refused");
  const auto winner = worker().find(make_id(0, 3))->row();
  EXPECT_LT(winner.opened_at - attempt(1).opened_at, Race::kDelay);
  EXPECT_EQ(winner.upstream, "u1");
  EXPECT_EQ(worker().find(id)->row().peer_id, winner.id);
  EXPECT_THAT(targets->calls, ElementsAre("connected u1")) << "the upstream did not fail";
}

TEST_F(RaceTest, TakesTheNextAddressWhenOneIsSilentForAWhile) {
  const test::DeadEnd silent;
  begin({{silent.address(), listener.address()}});

  ASSERT_TRUE(has_called("connected u1"));

  const auto loser = attempt(1);
  EXPECT_EQ(loser.remote, silent.address());
  EXPECT_EQ(close_of(loser).reason, Reason::local_done);
  EXPECT_EQ(close_of(loser).phase, Phase::connect);
  EXPECT_EQ(close_of(loser).detail, "another address was faster: " + listener.address().text());
  EXPECT_GE(worker().find(make_id(0, 3))->row().opened_at - loser.opened_at, Race::kDelay);
  EXPECT_THAT(targets->calls, ElementsAre("connected u1"));
}

TEST_F(RaceTest, CarriesTheBytesOfTheWinnerAlone) {
  const test::DeadEnd silent;
  begin({{silent.address(), listener.address()}});
  peer.write("early");
  ASSERT_TRUE(has_called("connected u1"));
  Peer upstream{listener.accept()};

  ASSERT_TRUE(run_until([&] { return upstream.has("early"); }));
  upstream.write("answer");
  upstream.fin();
  peer.fin();

  EXPECT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "answer");
  EXPECT_EQ(close_of(record()).reason, Reason::peer_fin);
  EXPECT_THAT(targets->calls, ElementsAre("connected u1", "ended u1"));
}

TEST_F(RaceTest, IsLostOnceEveryAddressHasFailed) {
  const std::vector<Address> refusing{closed_port(), closed_port(), closed_port()};
  begin({refusing});

  ASSERT_TRUE(has_called("failed u1 connect_refused"));
  peer.fin();

  const auto close = close_of(record());
  EXPECT_EQ(close.reason, Reason::connect_refused);
  EXPECT_THAT(close.detail, HasSubstr("u1 at " + refusing[2].text()));
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(end_of(i + 1), refusing[i].text() + " connect_refused");
  EXPECT_THAT(targets->calls, ElementsAre("failed u1 connect_refused")) << "once for the upstream";
}

TEST_F(RaceTest, GoesOnToTheNextUpstreamWhenItIsLost) {
  options->attempts = 2;
  begin({{closed_port(), closed_port()}, {closed_port(), listener.address()}});

  ASSERT_TRUE(has_called("connected u2"));

  EXPECT_THAT(targets->calls, ElementsAre("failed u1 connect_refused", "connected u2"));
}

TEST_F(RaceTest, SharesOneTimeOutAmongAllAddresses) {
  const test::DeadEnd first, second, third;
  options->connect_timeout = 2 * Race::kDelay - 10ms;
  begin({{first.address(), second.address(), third.address()}});

  ASSERT_TRUE(has_called("failed u1 connect_timeout"));
  peer.fin();

  EXPECT_EQ(close_of(record()).reason, Reason::connect_timeout);
  EXPECT_EQ(end_of(1), first.address().text() + " connect_timeout");
  EXPECT_EQ(end_of(2), second.address().text() + " connect_timeout");
  EXPECT_FALSE(has_ended(make_id(0, 4))) << "there was no time for the third";
}

TEST_F(RaceTest, EndsWithTheClientAndSaysNothingOfTheUpstream) {
  const test::DeadEnd first, second;
  begin({{first.address(), second.address()}});
  ASSERT_TRUE(run_until([&] { return worker().find(make_id(0, 3)) != nullptr; }));

  peer.rst();

  EXPECT_EQ(end_of(1), first.address().text() + " peer_rst");
  EXPECT_EQ(end_of(2), second.address().text() + " peer_rst");
  runner.settle();
  EXPECT_TRUE(worker().connections().empty());
  EXPECT_TRUE(targets->calls.empty());
}

TEST_F(RaceTest, EndsWhenItsSessionIsEnded) {
  const test::DeadEnd first, second;
  begin({{first.address(), second.address()}});
  ASSERT_TRUE(run_until([&] { return worker().find(make_id(0, 3)) != nullptr; }));

  worker().find(id)->end(Reason::admin_kill, false);

  EXPECT_EQ(end_of(1), first.address().text() + " admin_kill");
  EXPECT_EQ(end_of(2), second.address().text() + " admin_kill");
  EXPECT_EQ(close_of(record()).reason, Reason::admin_kill);
  EXPECT_TRUE(targets->calls.empty());
}

}  // namespace
}  // namespace tcpctl
