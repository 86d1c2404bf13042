// SPDX-License-Identifier: Apache-2.0
#include "connections/relay.hpp"

#include <csignal>
#include <deque>

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::closed_port;
using test::pattern;
using test::Peer;
using testing::ElementsAre;
using testing::HasSubstr;

/// What a relay asks for and tells, in order.
struct Targets {
  std::deque<Result<Address>> answers;
  bool answers_later{false};
  std::function<void()> pending;
  std::vector<std::string> calls;
  Traffic traffic;  // with the targets
};

class FakeTargetSource final : public TargetSource {
 public:
  explicit FakeTargetSource(std::shared_ptr<Targets> targets) : targets_{std::move(targets)} {}

  void next(const Address& /*source*/, std::function<void(Result<Target>)> answer) override {
    targets_->calls.emplace_back("next");
    const auto reply = [answer = std::move(answer), target = take()] { answer(target); };
    if (targets_->answers_later) {
      targets_->pending = reply;
    } else {
      reply();
    }
  }
  Traffic* connected(Duration) override {
    note("connected");
    return &targets_->traffic;
  }
  void failed(Reason reason) override {
    note("failed");
    targets_->calls.back() += " " + std::string{text(reason)};
  }
  void ended(const Facts& /*leg*/) override { note("ended"); }
  void leave() override { note("left"); }

 private:
  Result<Target> take() {
    if (targets_->answers.empty()) return fail(Errc::unavailable, "none is eligible");
    auto answer = std::move(targets_->answers.front());
    targets_->answers.pop_front();
    if (!answer) return tl::make_unexpected(answer.error());
    const auto name = std::make_shared<const std::string>("u" + std::to_string(++taken_));
    return Target{*answer, name};
  }
  void note(const std::string& what) { targets_->calls.push_back(what + " u" + std::to_string(taken_)); }

  const std::shared_ptr<Targets> targets_;
  std::size_t taken_{0};
};

class RelayTest : public test::ConnectionFixture {
 protected:
  RelayTest() { std::signal(SIGPIPE, SIG_IGN); }  // as the daemon does
  /// Begins a session for a new client, which is `peer`.
  void begin() {
    auto pair = test::tcp_pair();
    peer = std::move(pair.there);
    ASSERT_TRUE(tcp::apply(client_socket, pair.here.get()));
    worker().tick();
    owner->stats->add_opened();
    relay = Relay::make(worker(), options, std::make_unique<FakeTargetSource>(targets));
    relay->start(owner, std::move(pair.here), peer.local(), std::move(terms));
    id = make_id(0, 1);
  }
  /// The same, and the other side of it is `upstream`.
  void begin_connected() {
    targets->answers.emplace_back(listener.address());
    begin();
    accept();
  }
  void accept() {
    ASSERT_TRUE(run_until([&] {
      if (Fd fd = listener.accept()) upstream = Peer{std::move(fd)};
      return static_cast<bool>(upstream) && targets->calls.back().starts_with("connected");
    }));
  }
  bool is_connected() const { return targets->calls.back().starts_with("connected"); }
  ConnectionRow upstream_record() { return record(make_id(0, 2)); }
  /// Neither side reads until nothing moves any more.
  std::size_t fill(Peer& writer, std::string_view bytes) {
    std::size_t written = 0;
    std::size_t still = 0;
    EXPECT_TRUE(run_until([&] {
      const std::size_t now = writer.write(bytes.substr(written, 2UL << 20));
      written += now;
      still = now == 0 ? still + 1 : 0;
      return still > 50;
    }));
    return written;
  }

  test::PlainListener listener;
  std::shared_ptr<Targets> targets = std::make_shared<Targets>();
  std::shared_ptr<RelayOptions> options =
      std::make_shared<RelayOptions>(RelayOptions{1min, 3, true, {}, {}, true});
  tcp::Options client_socket;
  Peer upstream;
  RelayPtr relay;
  Terms terms;
};

TEST_F(RelayTest, CarriesBytesBothWaysAndLinksItsLegs) {
  begin_connected();
  peer.write("question");
  ASSERT_TRUE(run_until([&] { return upstream.has("question"); }));
  upstream.write("answer");
  ASSERT_TRUE(run_until([&] { return peer.has("answer"); }));

  const auto inbound = worker().find(make_id(0, 1))->row();
  const auto outbound = worker().find(make_id(0, 2))->row();
  EXPECT_EQ(inbound.peer_id, outbound.id);
  EXPECT_EQ(outbound.peer_id, inbound.id);
  EXPECT_EQ(inbound.direction, Direction::inbound);
  EXPECT_EQ(outbound.direction, Direction::outbound);
  EXPECT_EQ(outbound.upstream, "u1");
  EXPECT_EQ(outbound.remote, listener.address());
  EXPECT_EQ(inbound.bytes_in, 8U);
  EXPECT_EQ(outbound.bytes_out, 8U);
  EXPECT_EQ(targets->traffic.bytes_in.read(), 6U) << "as it passes, not at the end";
  EXPECT_EQ(targets->traffic.bytes_out.read(), 8U);
  peer.fin();
  upstream.fin();
  record();
  upstream_record();
  EXPECT_EQ(owner->stats->sum(&PartyShare::bytes_in), 8U) << "the client's leg alone counts for the listener";
  EXPECT_EQ(owner->stats->closes().size(), 1U);
}

TEST_F(RelayTest, DeliversWhatTheClientSentBeforeTheUpstreamWasThere) {
  targets->answers.emplace_back(listener.address());
  targets->answers_later = true;
  begin();
  peer.write("early");
  peer.fin();
  runner.settle();

  targets->pending();
  accept();

  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));
  EXPECT_EQ(upstream.received, "early");
  upstream.write("late answer");
  upstream.fin();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "late answer");
  EXPECT_EQ(close_of(record()).reason, Reason::peer_fin);
}

TEST_F(RelayTest, PassesAFinOnAndKeepsTheOtherDirection) {
  begin_connected();
  peer.write("request");
  peer.fin();
  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));
  EXPECT_EQ(upstream.received, "request");
  EXPECT_FALSE(peer.at_eof());

  const std::string answer = pattern(8UL << 20);
  std::size_t written = 0;
  ASSERT_TRUE(run_until([&] {
    if (written < answer.size()) {
      written += upstream.write(std::string_view{answer}.substr(written));
      if (written == answer.size()) upstream.fin();
    }
    return peer.at_eof();
  }));

  EXPECT_TRUE(peer.received == answer);
  const auto inbound = close_of(record());
  const auto outbound = close_of(upstream_record());
  EXPECT_EQ(inbound.first, First::remote);
  EXPECT_EQ(inbound.how, How::fin);
  EXPECT_EQ(inbound.reason, Reason::peer_fin);
  EXPECT_EQ(outbound.first, First::local);
  EXPECT_EQ(outbound.how, How::fin);
  EXPECT_EQ(outbound.reason, Reason::peer_fin);
  EXPECT_THAT(targets->calls, ElementsAre("next", "connected u1", "ended u1"));
}

TEST_F(RelayTest, PassesAnUpstreamsFinOnAndKeepsTheOtherDirection) {
  begin_connected();
  upstream.write("banner");
  upstream.fin();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "banner");

  peer.write("still talking");
  ASSERT_TRUE(run_until([&] { return upstream.has("still talking"); }));
  peer.fin();

  EXPECT_EQ(close_of(record()).first, First::local);
  EXPECT_EQ(close_of(upstream_record()).first, First::remote);
}

TEST_F(RelayTest, EndsBothSidesAtTheFirstFinWithoutHalfClose) {
  options->half_close = false;
  begin_connected();
  peer.write("request");
  peer.fin();

  ASSERT_TRUE(run_until([&] { return upstream.at_eof() && peer.at_eof(); }));
  EXPECT_EQ(upstream.received, "request");
  upstream.fin();

  EXPECT_EQ(close_of(record()).reason, Reason::peer_fin);
  EXPECT_EQ(close_of(upstream_record()).reason, Reason::peer_fin);
}

TEST_F(RelayTest, PassesAResetOnBehindTheBytesBeforeIt) {
  begin_connected();
  peer.write("last words");
  peer.rst();

  ASSERT_TRUE(run_until([&] { return upstream.is_over(); }));

  EXPECT_EQ(upstream.received, "last words");
  EXPECT_EQ(upstream.error, ECONNRESET);
  EXPECT_EQ(close_of(record()).first, First::remote);
  EXPECT_EQ(close_of(record()).how, How::rst);
  const auto outbound = close_of(upstream_record());
  EXPECT_EQ(outbound.first, First::local);
  EXPECT_EQ(outbound.how, How::rst);
  EXPECT_EQ(outbound.reason, Reason::peer_rst);
}

TEST_F(RelayTest, PassesAnUpstreamsResetOn) {
  begin_connected();
  upstream.rst();

  ASSERT_TRUE(run_until([&] { return peer.is_over(); }));

  EXPECT_EQ(peer.error, ECONNRESET);
  EXPECT_EQ(close_of(record()).first, First::local);
  EXPECT_EQ(close_of(record()).reason, Reason::peer_rst);
  EXPECT_EQ(close_of(upstream_record()).first, First::remote);
  EXPECT_THAT(targets->calls, ElementsAre("next", "connected u1", "ended u1"));
}

TEST_F(RelayTest, DeliversWhatItHeldBeforeItPassesAResetOn) {
  begin_connected();
  const std::string much = pattern(8UL << 20);
  const std::size_t written = fill(peer, much);
  auto* const inbound = worker().find(make_id(0, 1));
  const std::size_t taken = inbound->facts().bytes_in;
  ASSERT_GT(taken, 0U);
  peer.rst();
  runner.settle();

  ASSERT_TRUE(run_until([&] { return upstream.is_over(); }));

  EXPECT_EQ(upstream.error, ECONNRESET);
  EXPECT_GE(upstream.received.size(), taken);
  EXPECT_LE(upstream.received.size(), written);
  EXPECT_TRUE(much.starts_with(upstream.received));
  EXPECT_EQ(close_of(record()).first, First::remote);
  EXPECT_EQ(close_of(upstream_record()).reason, Reason::peer_rst);
}

TEST_F(RelayTest, NoticesTheResetOfAClientThatHadSentItsFin) {
  begin_connected();
  peer.write("request");
  peer.fin();
  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));

  peer.rst();  // the upstream still computes, and says nothing

  EXPECT_EQ(close_of(record()).first, First::remote);
  EXPECT_EQ(close_of(upstream_record()).how, How::fin) << "its FIN was out before the reset";
  upstream.write("x");
  EXPECT_TRUE(upstream.was_reset());
}

TEST_F(RelayTest, EndsTheOtherSideOfAClientThatDiesAfterItsFin) {
  client_socket.user_timeout = 1s;
  begin_connected();
  peer.fin();
  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));

  fill(upstream, pattern(8UL << 20));  // the client reads nothing of it

  record();
  ASSERT_TRUE(run_until([&] { return targets->calls.back() == "ended u1"; })) << "its place is free again";
  EXPECT_EQ(upstream_record().close->how, How::fin) << "the client's came first";
}

TEST_F(RelayTest, PassesNoFinOnBehindARequestThatWasCut) {
  client_socket.user_timeout = 1s;
  owner->close_timeout = 1s;
  begin_connected();
  fill(peer, pattern(8UL << 20));
  peer.fin();
  fill(upstream, pattern(8UL << 20));  // neither reads, so that the client dies with its FIN unread
  record();

  ASSERT_TRUE(run_until([&] { return upstream.is_over(); }));

  EXPECT_EQ(upstream.error, ECONNRESET);
}

TEST_F(RelayTest, HoldsBackAWriterWhoseReaderDoesNotRead) {
  begin_connected();
  fill(peer, pattern(8UL << 20));

  const auto& inbound = worker().find(make_id(0, 1))->facts();
  const auto& outbound = worker().find(make_id(0, 2))->facts();
  EXPECT_LE(inbound.bytes_in, outbound.bytes_out + PipePool::kPipeBytes);
  EXPECT_LE(runner.run_beats(50), 60U) << "without spinning";
}

TEST_F(RelayTest, LosesNothingWhenBothSidesFloodAndReadLate) {
  begin_connected();
  const std::string forth = pattern(6UL << 20);
  const std::string back{forth.rbegin(), forth.rend()};
  std::size_t sent = fill(peer, forth);
  std::size_t answered = fill(upstream, back);
  ASSERT_TRUE(run_until([&] {
    sent += peer.write(std::string_view{forth}.substr(sent));
    answered += upstream.write(std::string_view{back}.substr(answered));
    peer.read();
    upstream.read();
    return peer.received.size() == back.size() && upstream.received.size() == forth.size();
  }));
  peer.fin();
  upstream.fin();

  EXPECT_TRUE(upstream.received == forth);
  EXPECT_TRUE(peer.received == back);
  record();
  upstream_record();
}

/// Sends what flows both ways at once, in writes of changing size, and reads it in reads of changing size.
class RelayFlowTest : public RelayTest {
 protected:
  static std::size_t share(std::uint32_t& state, std::size_t most) {
    state = state * 1664525 + 1013904223;
    return 1 + (state >> 8) % most;
  }
  /// Answers whether all of it came, in order; `each_turn` is called between.
  void exchange(std::size_t size, std::size_t most_at_once, const std::function<void()>& each_turn) {
    const std::string forth = pattern(size);
    const std::string back{forth.rbegin(), forth.rend()};
    std::size_t sent = 0;
    std::size_t answered = 0;
    std::uint32_t state = 7;
    ASSERT_TRUE(run_until([&] {
      sent += peer.write(std::string_view{forth}.substr(sent, share(state, most_at_once)));
      answered += upstream.write(std::string_view{back}.substr(answered, share(state, most_at_once)));
      peer.read(share(state, most_at_once));
      upstream.read(share(state, most_at_once));
      each_turn();
      return peer.received.size() == size && upstream.received.size() == size;
    }));
    EXPECT_TRUE(upstream.received == forth);
    EXPECT_TRUE(peer.received == back);
    EXPECT_EQ(worker().find(make_id(0, 1))->facts().bytes_in, size);
    EXPECT_EQ(worker().find(make_id(0, 2))->facts().bytes_out, size);
  }
};

TEST_F(RelayFlowTest, SplicesWhatFlowsAndHoldsNoPipeAfterwards) {
  begin_connected();
  std::size_t most = 0;
  exchange(8UL << 20, 1UL << 20, [&] { most = std::max(most, worker().pipes().in_use()); });

  EXPECT_GT(most, 0U) << "bytes waited in a pipe for a reader";
  EXPECT_EQ(worker().pipes().in_use(), 0U);
}

TEST_F(RelayFlowTest, CopiesEverythingWhereItIsTold) {
  options->zero_copy = false;
  begin_connected();
  std::size_t most = 0;
  exchange(4UL << 20, 1UL << 20, [&] { most = std::max(most, worker().pipes().in_use()); });

  EXPECT_EQ(most, 0U);
}

TEST_F(RelayFlowTest, LeavesAndEntersTheZeroCopyPathWithoutLosingOrReorderingAByte) {
  begin_connected();
  std::uint32_t state = 99;
  std::size_t rescued = 0;
  exchange(48UL << 20, 1UL << 20, [&] {
    if (worker().pipes().in_use() == 0 || share(state, 4) > 1) return;
    const std::size_t before = worker().pipes().in_use();
    relay->set_zero_copy(false);
    rescued += before - worker().pipes().in_use();
    relay->set_zero_copy(true);
  });

  EXPECT_GT(rescued, 5U) << "pipes that had bytes in them";
}

TEST_F(RelayFlowTest, CopiesWhereThereIsNoPipeToBeHad) {
  std::vector<PipePtr> taken;
  while (PipePtr pipe = worker().pipes().take(now())) taken.push_back(std::move(pipe));
  begin_connected();

  exchange(4UL << 20, 1UL << 20, [] {});

  for (auto& pipe : taken) worker().pipes().give_back(std::move(pipe));
}

TEST_F(RelayFlowTest, GivesThePipesOfASessionBackThatIsKilled) {
  begin_connected();
  const std::string much = pattern(8UL << 20);
  fill(peer, much);
  ASSERT_EQ(worker().pipes().in_use(), 1U);
  const auto& outbound = worker().find(make_id(0, 2))->facts();
  const auto lost = worker().find(make_id(0, 1))->facts().bytes_in - outbound.bytes_out;
  ASSERT_GT(lost, 0U);

  worker().find(make_id(0, 1))->end(Reason::admin_kill, false);

  EXPECT_EQ(worker().pipes().in_use(), 0U);
  EXPECT_THAT(close_of(upstream_record()).detail, HasSubstr("bytes not delivered to"));
}

TEST_F(RelayFlowTest, DeliversWhatWasInThePipeWhenItIsEndedGracefully) {
  begin_connected();
  const std::string much = pattern(8UL << 20);
  fill(peer, much);
  ASSERT_EQ(worker().pipes().in_use(), 1U);
  const auto taken = worker().find(make_id(0, 1))->facts().bytes_in;

  worker().find(make_id(0, 1))->end(Reason::drain, true);
  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));

  EXPECT_EQ(upstream.received.size(), taken);
  EXPECT_TRUE(much.starts_with(upstream.received));
  EXPECT_EQ(worker().pipes().in_use(), 0U);
}

TEST_F(RelayFlowTest, DeliversWhatWasInThePipeWhenAFinEndsBothSides) {
  options->half_close = false;
  begin_connected();
  const std::string much = pattern(8UL << 20);
  fill(upstream, much);
  ASSERT_EQ(worker().pipes().in_use(), 1U);
  const auto taken = worker().find(make_id(0, 2))->facts().bytes_in;

  peer.fin();
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));

  EXPECT_GE(peer.received.size(), taken);  // what it read first made room for more
  EXPECT_TRUE(much.starts_with(peer.received));
  EXPECT_EQ(worker().pipes().in_use(), 0U);
}

TEST_F(RelayFlowTest, GivesThePipeBackWhenItsReaderIsGone) {
  begin_connected();
  fill(peer, pattern(8UL << 20));
  ASSERT_EQ(worker().pipes().in_use(), 1U);

  upstream.rst();

  EXPECT_THAT(close_of(upstream_record()).detail, HasSubstr("bytes not delivered to"));
  EXPECT_EQ(worker().pipes().in_use(), 0U);
}

TEST_F(RelayTest, TriesTheNextTargetWhereOneRefuses) {
  targets->answers.emplace_back(closed_port());
  begin_connected();

  EXPECT_THAT(targets->calls, ElementsAre("next", "failed u1 connect_refused", "next", "connected u2"));
  const auto attempt = record(make_id(0, 2));
  EXPECT_EQ(close_of(attempt).reason, Reason::connect_refused);
  EXPECT_EQ(close_of(attempt).phase, Phase::connect);
  EXPECT_EQ(attempt.upstream, "u1");
  EXPECT_EQ(worker().find(make_id(0, 1))->facts().peer_id, make_id(0, 3));
}

TEST_F(RelayTest, EndsTheClientWithTheReasonOfTheLastAttempt) {
  for (int i = 0; i < 5; ++i) targets->answers.emplace_back(closed_port());
  begin();
  peer.write("request");
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();

  const auto close = close_of(record());

  EXPECT_EQ(close.reason, Reason::connect_refused);
  EXPECT_EQ(close.phase, Phase::connect);
  EXPECT_EQ(close.code, "SC");
  EXPECT_THAT(close.detail, HasSubstr("u3 at 127.0.0.1:"));
  EXPECT_EQ(targets->calls.size(), 6U) << "three attempts, each asked for and failed";
  EXPECT_EQ(worker().history().entries().size(), 4U);
}

TEST_F(RelayTest, GivesAnAttemptItsConnectTimeout) {
  const test::DeadEnd dead;
  options->connect_timeout = 20ms;
  options->attempts = 1;
  targets->answers.emplace_back(dead.address());
  begin();
  ASSERT_NE(worker().find(make_id(0, 2)), nullptr);
  EXPECT_EQ(worker().find(make_id(0, 2))->row().state, "SYN_SENT");

  const auto attempt = upstream_record();
  EXPECT_EQ(close_of(attempt).reason, Reason::connect_timeout);
  EXPECT_EQ(close_of(attempt).how, How::timeout);
  EXPECT_GE(close_of(attempt).duration, 20ms);
  peer.close();
  EXPECT_EQ(close_of(record()).reason, Reason::connect_timeout);
}

TEST_F(RelayTest, CountsTheConnectTimeoutFromTheAttemptAndNotFromTheQuestion) {
  const test::DeadEnd dead;
  options->connect_timeout = 50ms;
  options->attempts = 1;
  targets->answers.emplace_back(dead.address());
  targets->answers_later = true;
  begin();
  runner.run_beats(80);  // the name is being looked up; no event of a connection comes

  const Instant asked = now();
  targets->pending();

  const auto attempt = upstream_record();
  EXPECT_GE(now() - asked, 50ms);
  EXPECT_GE(close_of(attempt).duration, 50ms);
}

TEST_F(RelayTest, EndsWhereNoTargetIsEligible) {
  begin();
  peer.close();

  const auto close = close_of(record());

  EXPECT_EQ(close.reason, Reason::upstream_down);
  EXPECT_EQ(close.detail, "none is eligible");
  EXPECT_EQ(targets->calls, std::vector<std::string>{"next"}) << "the set will be no other at once";
}

TEST_F(RelayTest, GivesUpItsAttemptWhenTheClientResets) {
  const test::DeadEnd dead;
  targets->answers.emplace_back(dead.address());
  begin();
  runner.settle();
  peer.rst();

  const auto inbound = close_of(record());
  const auto attempt = close_of(upstream_record());

  EXPECT_EQ(inbound.first, First::remote);
  EXPECT_EQ(inbound.how, How::rst);
  EXPECT_EQ(inbound.phase, Phase::connect);
  EXPECT_EQ(attempt.reason, Reason::peer_rst);
  EXPECT_THAT(targets->calls, ElementsAre("next")) << "a client that leaves is no failure of the upstream";
}

TEST_F(RelayTest, ConnectsNobodyForAClientThatWasEndedMeanwhile) {
  targets->answers.emplace_back(listener.address());
  targets->answers_later = true;
  begin();
  worker().find(id)->end(Reason::admin_kill, true);
  EXPECT_THAT(targets->calls, ElementsAre("next", "left u1")) << "others may have its place";

  targets->pending();
  runner.settle();

  EXPECT_FALSE(listener.accept());
  peer.close();
  EXPECT_EQ(close_of(record()).reason, Reason::admin_kill);
  EXPECT_EQ(worker().history().entries().size(), 1U);
}

TEST_F(RelayTest, HoldsRoomForItsUpstreamUntilThatIsThere) {
  targets->answers.emplace_back(listener.address());
  targets->answers_later = true;
  begin();
  EXPECT_EQ(worker().load().read(), 2U);
  EXPECT_EQ(worker().held().read(), 1U);

  targets->pending();
  accept();

  EXPECT_EQ(worker().load().read(), 2U);
  EXPECT_EQ(worker().held().read(), 0U);
  upstream.close();
  EXPECT_TRUE(run_until([&] { return peer.at_eof(); }));
  peer.close();
  EXPECT_TRUE(run_until([&] { return worker().load().read() == 0; }));
  EXPECT_EQ(worker().held().read(), 0U);
}

TEST_F(RelayTest, HoldsRoomAgainWhereAnAttemptFailed) {
  targets->answers.emplace_back(test::closed_port());
  targets->answers.emplace_back(listener.address());
  targets->answers_later = true;
  begin();
  const auto first_answer = targets->pending;
  first_answer();
  ASSERT_TRUE(run_until([&] { return targets->calls.size() == 3; }));
  ASSERT_THAT(targets->calls, ElementsAre("next", "failed u1 connect_refused", "next"));
  EXPECT_EQ(worker().load().read(), 2U);
  EXPECT_EQ(worker().held().read(), 1U);

  targets->pending();
  accept();

  EXPECT_EQ(worker().load().read(), 2U);
  EXPECT_EQ(worker().held().read(), 0U);
}

TEST_F(RelayTest, GivesItsRoomBackHoweverItEndsWhileItWaits) {
  const auto end = [&](const std::string& how) {
    if (how == "reset by the client") {
      peer.rst();
    } else if (how == "no target") {
      targets->pending();
    } else {
      worker().find(id)->end(Reason::admin_kill, how == "gracefully");
    }
  };
  std::uint64_t begun = 0;
  for (const std::string how : {"reset by the client", "no target", "gracefully", "at once"}) {
    SCOPED_TRACE(how);
    targets->answers_later = true;
    begin();
    id = make_id(0, ++begun);
    ASSERT_EQ(worker().held().read(), 1U);

    end(how);

    EXPECT_TRUE(run_until([&] { return worker().held().read() == 0; })) << "though it is still closing";
    peer.close();
    record();
    EXPECT_EQ(worker().load().read(), 0U);
  }
}

TEST_F(RelayTest, IgnoresAnAnswerForASessionThatIsGone) {
  targets->answers.emplace_back(listener.address());
  targets->answers_later = true;
  begin();
  worker().find(id)->abort(Reason::admin_kill);
  record();
  runner.settle();

  targets->pending();

  EXPECT_FALSE(listener.accept());
  EXPECT_TRUE(worker().connections().empty());
}

TEST_F(RelayTest, EndsBothLegsForAnOperator) {
  for (const bool graceful : {true, false}) {
    SCOPED_TRACE(graceful ? "graceful" : "reset");
    begin_connected();
    const ConnectionId inbound = worker().connections().begin()->id;
    const ConnectionId outbound = std::next(worker().connections().begin())->id;
    worker().find(outbound)->end(Reason::admin_kill, graceful);
    ASSERT_TRUE(run_until([&] { return peer.is_over() && upstream.is_over(); }));
    EXPECT_EQ(peer.error, graceful ? 0 : ECONNRESET);
    EXPECT_EQ(upstream.error, graceful ? 0 : ECONNRESET);
    peer.close();
    upstream.close();

    EXPECT_EQ(close_of(record(inbound)).reason, Reason::admin_kill);
    EXPECT_EQ(close_of(record(outbound)).reason, Reason::admin_kill);
    upstream = Peer{};
    targets->calls.clear();
  }
}

TEST_F(RelayTest, EndsBothLegsWhenIdle) {
  owner->idle_timeout = 20ms;
  begin_connected();
  ASSERT_TRUE(run_until([&] { return peer.at_eof() && upstream.at_eof(); }));
  peer.close();
  upstream.close();

  EXPECT_EQ(close_of(record()).reason, Reason::idle_timeout);
  EXPECT_EQ(close_of(upstream_record()).reason, Reason::idle_timeout);
}

TEST_F(RelayTest, EndsAHalfClosedSessionWhoseOtherSideIsSilent) {
  owner->half_closed_timeout = 20ms;
  begin_connected();
  runner.run_beats(50);
  ASSERT_FALSE(has_ended(make_id(0, 1)));
  peer.fin();
  ASSERT_TRUE(run_until([&] { return upstream.at_eof(); }));
  upstream.write("a last word");
  ASSERT_TRUE(run_until([&] { return peer.at_eof(); }));
  EXPECT_EQ(peer.received, "a last word");
  upstream.close();

  const auto row = record();
  EXPECT_EQ(close_of(row).reason, Reason::peer_fin) << "what was seen first";
  EXPECT_EQ(close_of(row).detail, "half_closed_timeout");
  EXPECT_EQ(close_of(upstream_record()).detail, "half_closed_timeout");
}

TEST_F(RelayTest, EndsASessionThatHasLivedLongEnough) {
  owner->max_lifetime = 50ms;
  begin_connected();
  ASSERT_TRUE(run_until([&] {
    peer.write("x");
    return peer.at_eof() && upstream.at_eof();
  }));
  peer.close();
  upstream.close();

  EXPECT_EQ(close_of(record()).reason, Reason::local_limit);
  EXPECT_EQ(close_of(upstream_record()).detail, "max_lifetime");
}

TEST_F(RelayTest, MovesNoMoreThanItsBandwidthThroughThePipesEither) {
  const auto bandwidth = std::make_shared<Bandwidth>(*owner->stats, Bytes{4UL << 20}, std::nullopt);
  terms.bandwidth = bandwidth;
  begin_connected();
  const std::string sent = pattern(2UL << 20);
  const Instant begin_time = now();
  std::size_t forth = 0;
  ASSERT_TRUE(run_until([&] {
    forth += peer.write(std::string_view{sent}.substr(forth));
    upstream.read();
    return upstream.received.size() == sent.size();
  }));

  EXPECT_GE(now() - begin_time, 390ms) << "2 MiB less the first tenth of a second's";
  EXPECT_TRUE(upstream.received == sent);
}

TEST_F(RelayTest, IsNotIdleWhileOneDirectionMoves) {
  owner->idle_timeout = 200ms;
  begin_connected();
  const Instant begin_time = now();
  while (now() < begin_time + 500ms) {
    upstream.write("x");
    runner.turn_once();
    peer.read();
  }

  EXPECT_FALSE(has_ended(make_id(0, 1)));
  EXPECT_FALSE(has_ended(make_id(0, 2)));
}

TEST_F(RelayTest, SurvivesTheDeathOfBothSidesInTheMidstOfAFlood) {
  for (int round = 0; round < 20; ++round) {
    begin_connected();
    const std::string bytes = pattern(2UL << 20);
    for (int i = 0; i < round; ++i) {
      peer.write(bytes);
      upstream.write(bytes);
      if (i % 3 == 0) peer.read(300'000);
      if (i % 3 == 1) upstream.read(300'000);
      runner.turn_once();
    }
    if (round % 2 == 0) {
      peer.rst();
      upstream.rst();
    } else {
      upstream.rst();
      peer.close();
    }
    ASSERT_TRUE(run_until([&] { return worker().connections().empty(); }));
    upstream = Peer{};
    targets->calls.clear();
  }
  EXPECT_EQ(worker().history().entries().size(), 40U);
  EXPECT_EQ(owner->stats->active(), 0U);
}

}  // namespace
}  // namespace tcpctl
