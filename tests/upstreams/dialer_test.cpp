// SPDX-License-Identifier: Apache-2.0
#include "upstreams/dialer.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::closed_port;
using test::Peer;
using testing::ElementsAre;

/// Notes what it is told.
class Wanting final : public Dialer::Caller {
 public:
  void on_up(ClientConnection& connection) override {
    up = &connection;
    calls.push_back("up " + connection.facts().remote.text());
  }
  void on_data(ClientConnection& /*connection*/, ByteView bytes) override { data += as_text(bytes); }
  void on_peer_fin(ClientConnection& connection) override { connection.finish(Reason::peer_fin); }
  void on_gone(ClientConnection& connection) override {
    up = nullptr;
    calls.push_back("gone " + connection.facts().remote.text());
  }
  void on_dial_failed(const Race::Failure& failure) override {
    details.push_back(failure.detail);
    calls.push_back("failed " + failure.address.text() + " " + std::string{text(failure.reason)});
  }

  ClientConnection* up{nullptr};
  std::string data;
  std::vector<std::string> calls;
  std::vector<std::string> details;  // of what failed
};

class DialerTest : public testing::Test {
 protected:
  ~DialerTest() override {
    if (caller.up != nullptr) caller.up->forget_observer();
  }
  void plan(Duration connect_timeout = 1min) {
    dialer.emplace(runner.worker, DialOptions{.owner = owner, .connect_timeout = connect_timeout}, caller);
  }
  static NameEntry host(std::vector<Address> addresses, std::uint16_t priority = 0) {
    return {"a.example", 80, std::make_shared<const AddressList>(addresses), priority, 0};
  }
  void dial(std::vector<NameEntry> entries, Instant until = Instant::max()) {
    runner.worker.tick();
    NameState state;
    state.entries = std::move(entries);
    dialer->dial(state, until);
  }
  bool has_calls(std::size_t count) {
    return runner.run_until([&] { return caller.calls.size() >= count; });
  }
  /// The reasons in the history, oldest first.
  std::vector<std::string> ends() {
    std::vector<std::string> all;
    for (const auto& entry : runner.worker.history().entries())
      all.push_back(entry.facts.remote.text() + " " + std::string{text(*entry.facts.close.reason)});
    return all;
  }

  test::LoopRunner runner;
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::client, "keep");
  test::PlainListener listener;
  Wanting caller;
  std::optional<Dialer> dialer;
};

TEST_F(DialerTest, BringsAConnectionAndHandsItOver) {
  plan();
  dial({host({listener.address()})});
  ASSERT_TRUE(has_calls(1));
  Peer peer{listener.accept()};

  dialer.reset();
  peer.write("hello");
  ASSERT_TRUE(runner.run_until([&] { return caller.data == "hello"; }));
  peer.fin();

  ASSERT_TRUE(has_calls(2));
  EXPECT_THAT(caller.calls,
              ElementsAre("up " + listener.address().text(), "gone " + listener.address().text()));
}

TEST_F(DialerTest, TakesTheFirstAddressThatAnswers) {
  plan();
  const test::DeadEnd silent;
  const Address refusing = closed_port();

  dial({host({silent.address(), refusing, listener.address()})});
  ASSERT_TRUE(has_calls(1));

  EXPECT_THAT(caller.calls, ElementsAre("up " + listener.address().text()));
  EXPECT_THAT(ends(),
              ElementsAre(refusing.text() + " connect_refused", silent.address().text() + " local_done"));
}

TEST_F(DialerTest, GoesToAHostOfALowerPriorityOnlyWhenTheFirstHasFailed) {
  plan(400ms);
  const test::DeadEnd silent;

  dial({host({silent.address()}, 10), host({listener.address()}, 20)});
  ASSERT_TRUE(has_calls(1));

  EXPECT_THAT(caller.calls, ElementsAre("up " + listener.address().text()));
  EXPECT_THAT(ends(), ElementsAre(silent.address().text() + " connect_timeout"));
}

TEST_F(DialerTest, TellsTheLastFailureOnceEveryHostHasFailed) {
  plan();
  const Address first = closed_port(), second = closed_port();

  dial({host({first}, 1), host({}, 2), host({second}, 3)});
  ASSERT_TRUE(has_calls(1));

  EXPECT_THAT(caller.calls, ElementsAre("failed " + second.text() + " connect_refused"));
  EXPECT_THAT(ends(), ElementsAre(first.text() + " connect_refused", second.text() + " connect_refused"));
}

TEST_F(DialerTest, HasDoneByTheTimeItIsGiven) {
  plan();
  const test::DeadEnd first, second;

  dial({host({first.address()}, 1), host({second.address()}, 2)}, now() + 50ms);
  ASSERT_TRUE(has_calls(1));

  EXPECT_THAT(caller.calls, ElementsAre("failed " + first.address().text() + " connect_timeout"));
}

TEST_F(DialerTest, BeginsWithAnotherAddressEachTime) {
  plan();
  const test::PlainListener other;
  const auto both = host({listener.address(), other.address()});
  dial({both});
  ASSERT_TRUE(has_calls(1));
  std::exchange(caller.up, nullptr)->forget_observer();

  dial({both});
  ASSERT_TRUE(has_calls(2));

  EXPECT_THAT(caller.calls, ElementsAre("up " + listener.address().text(), "up " + other.address().text()));
}

TEST_F(DialerTest, SaysNothingOfWhatWasStopped) {
  plan();
  const test::DeadEnd silent;
  dial({host({silent.address(), listener.address()})});

  dialer->stop(Reason::admin_kill);
  runner.run_beats(5);

  EXPECT_TRUE(caller.calls.empty());
  EXPECT_THAT(ends(), ElementsAre(silent.address().text() + " admin_kill"));
}

TEST_F(DialerTest, TriesTheAddressesOfTheWantedFamilyAlone) {
  test::PlainListener other{128, parse_ip_port("[::1]:0").value()};
  dialer.emplace(runner.worker,
                 DialOptions{.owner = owner, .connect_timeout = 1min, .family = FamilyChoice::ipv4}, caller);
  dial({host({other.address(), listener.address()})});

  ASSERT_TRUE(has_calls(1));
  EXPECT_THAT(caller.calls, ElementsAre("up " + listener.address().text()));
  EXPECT_FALSE(other.accept());
}

TEST_F(DialerTest, FailsAtOnceWhereNoAddressIsOfTheWantedFamily) {
  dialer.emplace(runner.worker,
                 DialOptions{.owner = owner, .connect_timeout = 1min, .family = FamilyChoice::ipv6}, caller);
  dial({host({listener.address()})});

  EXPECT_THAT(caller.calls, ElementsAre("failed  connect_unreachable"));
}

TEST_F(DialerTest, ConnectsFromTheAddressThatItIsToldTo) {
  DialOptions options{.owner = owner, .connect_timeout = 1min};
  options.socket.source = parse_ip_port("127.0.0.77:0").value();
  dialer.emplace(runner.worker, options, caller);
  dial({host({parse_ip_port("[::1]:1").value(), listener.address()})});

  ASSERT_TRUE(has_calls(1));
  const Fd accepted = listener.accept();
  EXPECT_EQ(tcp::remote_address(accepted.get()).host(), "127.0.0.77");
}

TEST_F(DialerTest, SaysWhyItCannotConnectFromAnAddressOrThroughAnInterface) {
  DialOptions options{.owner = owner, .connect_timeout = 1min};
  options.socket.source = parse_ip_port("192.0.2.1:0").value();
  dialer.emplace(runner.worker, options, caller);
  dial({host({listener.address()})});
  options.socket.source.reset();
  options.socket.interface = "nosuch0";
  dialer.emplace(runner.worker, options, caller);
  dial({host({listener.address()})});

  EXPECT_THAT(caller.details, ElementsAre("source_address 192.0.2.1: Cannot assign requested address",
                                          "interface 'nosuch0': No such device"));
}

}  // namespace
}  // namespace tcpctl
