// SPDX-License-Identifier: Apache-2.0
#include "upstreams/pool.hpp"

#include <set>

#include <gmock/gmock.h>

#include "support/loop_runner.hpp"
#include "upstreams/upstream_sets.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::set_of;
using test::upstream;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What a pool told its director.
struct Told {
  std::vector<Ticket> waiting, left;
  std::vector<std::uint64_t> failures;
  int again{0}, admitted{0}, freed{0};
};

class FakeDoor final : public DirectorDoor {
 public:
  explicit FakeDoor(Told& told) : told_{told} {}
  void wait(Ticket ticket, bool again) override {
    if (again) {
      ++told_.again;
    } else {
      told_.waiting.push_back(ticket);
    }
  }
  void leave(Ticket ticket) override { told_.left.push_back(ticket); }
  void admitted(Ticket /*ticket*/) override { ++told_.admitted; }
  void freed() override { ++told_.freed; }
  void failed(std::shared_ptr<UpstreamStats> /*upstream*/, Reason /*reason*/, std::uint64_t count) override {
    told_.failures.push_back(count);
  }

 private:
  Told& told_;
};

class PoolTest : public testing::Test {
 protected:
  std::unique_ptr<Pool> pool() {
    runner.worker.tick();
    return std::make_unique<Pool>(runner.worker, std::make_unique<FakeDoor>(told), listener, set_of(all),
                                  options);
  }
  void limit(std::uint64_t most) {
    for (auto& one : all) one.max_connections = most;
  }

  /// What a session asked for, and got.
  struct Asked {
    std::unique_ptr<TargetSource> session;
    std::optional<Result<Target>> answer;
    [[nodiscard]] std::string name() const {
      if (!answer) return "waits";
      return *answer ? *answer->value().name : answer->error().what;
    }
    void again(const Address& source = {}) {
      answer.reset();
      session->next(source, [this](Result<Target> target) { answer = std::move(target); });
    }
    void fail() { session->failed(Reason::connect_refused); }
    /// Answers where its bytes are counted.
    Traffic& connect() { return *session->connected(3ms); }
    void end(Facts leg = {}) {
      session->ended(leg);
      session.reset();
    }
  };
  static std::unique_ptr<Asked> ask(Pool& pool) {
    auto asked = std::make_unique<Asked>();
    asked->session = pool.session();
    asked->again();
    return asked;
  }
  /// The names that one session gets if all its attempts fail.
  static std::vector<std::string> attempts(Pool& pool, int count) {
    std::vector<std::string> names;
    const auto asked = ask(pool);
    for (int i = 0; i < count; ++i) {
      names.push_back(asked->name());
      if (*asked->answer) asked->fail();
      asked->again();
    }
    return names;
  }
  [[nodiscard]] UpstreamRow row(std::size_t index) const { return to_row(all[index]); }

  test::LoopRunner runner;
  Told told;
  std::shared_ptr<PartyStats> listener = std::make_shared<PartyStats>(1);
  PoolOptions options{.balance = Balance::round_robin, .queue_timeout = 1h, .reports_failures = false};
  std::vector<Upstream> all{upstream("a"), upstream("b"), upstream("c")};
};

TEST_F(PoolTest, ChoosesUpstreamsInTurn) {
  const auto three = pool();

  std::vector<std::string> first;
  for (int i = 0; i < 7; ++i) first.push_back(ask(*three)->name());

  EXPECT_THAT(first, ElementsAre("a", "b", "c", "a", "b", "c", "a"));
}

TEST_F(PoolTest, GivesOneSessionEachUpstreamOnceBeforeAnyRepeats) {
  const auto three = pool();

  const auto names = attempts(*three, 4);

  EXPECT_THAT(std::vector(names.begin(), names.begin() + 3), testing::UnorderedElementsAre("a", "b", "c"));
}

TEST_F(PoolTest, TriesTheBackupsLastAndThenAllAnew) {
  all[0].tier = Upstream::kBackupTier;
  const auto three = pool();

  const auto names = attempts(*three, 6);

  EXPECT_EQ(names[2], "a");
  EXPECT_NE(names[3], "a");
  EXPECT_EQ(names[5], "a");
}

TEST_F(PoolTest, LeavesBackupsAloneWhileAnotherIsThereEvenIfFull) {
  all[0].tier = Upstream::kBackupTier;
  all[1].max_connections = all[2].max_connections = 1;
  const auto three = pool();
  const auto one = ask(*three);
  const auto two = ask(*three);
  const auto waiting = ask(*three);

  EXPECT_EQ(waiting->name(), "waits");
  all[1].operational_state = all[2].operational_state = OperationalState::down;
  three->set(set_of(all), options);

  EXPECT_EQ(ask(*three)->name(), "a");
}

TEST_F(PoolTest, CountsWhatBecomesOfItsTargets) {
  const auto three = pool();
  const auto asked = ask(*three);
  asked->fail();
  asked->again();

  Traffic& traffic = asked->connect();
  traffic.bytes_in.add(10);
  traffic.bytes_out.add(20);

  EXPECT_EQ(row(0).failures.at("connect_refused"), 1U);
  EXPECT_EQ(row(0).connections, 0U);
  EXPECT_EQ(row(0).assigned, 0U);
  EXPECT_EQ(row(1).active, 1U);
  EXPECT_EQ(row(1).assigned, 1U);
  EXPECT_EQ(row(1).connections, 1U);
  EXPECT_EQ(row(1).connect_time.total(), 1U);
  EXPECT_EQ(row(1).bytes_in, 10U);
  EXPECT_EQ(row(1).bytes_out, 20U);
  asked->end({});
  EXPECT_EQ(row(1).active, 0U);
  EXPECT_EQ(row(1).assigned, 0U);
}

TEST_F(PoolTest, CountsASessionThatIsStillConnectingAndFreesItsPlaceWhereItEndsThen) {
  limit(1);
  const auto three = pool();
  auto asked = ask(*three);
  EXPECT_EQ(row(0).assigned, 1U);
  EXPECT_EQ(row(0).active, 0U);

  asked.reset();

  EXPECT_EQ(row(0).assigned, 0U);
}

TEST_F(PoolTest, TakesTheAddressesOfAnUpstreamInTurn) {
  all.resize(1);
  all[0].addresses = std::make_shared<const AddressList>(
      std::vector{parse_ip_port("192.0.2.1:80").value(), parse_ip_port("192.0.2.2:80").value()});
  const auto one = pool();

  std::vector<std::string> addresses;
  for (int i = 0; i < 3; ++i) addresses.push_back(ask(*one)->answer->value().address.text());

  EXPECT_THAT(addresses, ElementsAre("192.0.2.1:80", "192.0.2.2:80", "192.0.2.1:80"));
}

TEST_F(PoolTest, SaysWhyNobodyTakesASession) {
  for (auto& one : all) one.admin_state = AdminState::drain;
  const auto three = pool();

  const auto asked = ask(*three);

  EXPECT_EQ(asked->answer->error().code, Errc::unavailable);
  EXPECT_EQ(asked->name(), "3 upstreams: a drain, b drain, c drain");
}

TEST_F(PoolTest, LetsASessionWaitWhereAllAreFull) {
  limit(1);
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  const auto waiting = ask(*three);
  EXPECT_EQ(waiting->name(), "waits");
  ASSERT_EQ(told.waiting.size(), 1U);
  EXPECT_EQ(listener->waiting().taken(), 1U);

  served[1].reset();
  EXPECT_EQ(told.freed, 1);
  three->admit(told.waiting[0]);

  EXPECT_EQ(waiting->name(), "b");
  EXPECT_EQ(told.admitted, 1);
  EXPECT_EQ(listener->waiting().taken(), 0U);
}

TEST_F(PoolTest, WhoWantsNoTargetAnyMoreHoldsUpNobody) {
  all.resize(1);
  limit(1);
  const auto one = pool();
  const auto given = ask(*one);
  const auto waiting = ask(*one);
  ASSERT_EQ(listener->waiting().taken(), 1U);

  waiting->session->leave();
  EXPECT_EQ(listener->waiting().taken(), 0U);
  given->session->leave();

  EXPECT_EQ(all[0].stats->places().taken(), 0U);
  EXPECT_EQ(ask(*one)->name(), "a");
}

TEST_F(PoolTest, LetsNobodyOvertakeThoseWhoWait) {
  limit(1);
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  const auto first = ask(*three);
  served.clear();

  const auto second = ask(*three);

  EXPECT_EQ(second->name(), "waits");
  three->admit(told.waiting[0]);
  EXPECT_NE(first->name(), "waits");
}

TEST_F(PoolTest, SendsBackWhoFindsNoRoomWhenAsked) {
  limit(1);
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  const auto waiting = ask(*three);

  three->admit(told.waiting[0]);

  EXPECT_EQ(waiting->name(), "waits");
  EXPECT_EQ(told.again, 1);
  EXPECT_EQ(told.admitted, 1);
}

TEST_F(PoolTest, AnswersForATicketThatIsGone) {
  limit(1);
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  auto waiting = ask(*three);
  waiting.reset();
  EXPECT_THAT(told.left, ElementsAre(told.waiting[0]));
  EXPECT_EQ(listener->waiting().taken(), 0U);

  three->admit(told.waiting[0]);

  EXPECT_EQ(told.admitted, 1);
}

TEST_F(PoolTest, GivesUpWhoWaitedTooLong) {
  limit(1);
  options.queue_timeout = 20ms;
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  const auto waiting = ask(*three);

  ASSERT_TRUE(runner.run_until([&] { return waiting->answer.has_value(); }));

  EXPECT_EQ(waiting->answer->error().code, Errc::timed_out);
  EXPECT_EQ(waiting->name(), "no upstream had a place free within 20ms");
  EXPECT_THAT(told.left, ElementsAre(told.waiting[0]));
}

TEST_F(PoolTest, WaitsForNamesThatAreBeingLookedUp) {
  for (auto& one : all) {
    one.operational_state = OperationalState::resolving;
    one.addresses = std::make_shared<const AddressList>();
  }
  const auto three = pool();
  const auto waiting = ask(*three);
  EXPECT_EQ(waiting->name(), "waits");

  all[2] = upstream("c");
  three->set(set_of(all), options);
  three->admit(told.waiting[0]);

  EXPECT_EQ(waiting->name(), "c");
}

TEST_F(PoolTest, TellsThoseWhoWaitThatNobodyIsLeft) {
  limit(1);
  const auto three = pool();
  std::vector<std::unique_ptr<Asked>> served;
  for (int i = 0; i < 3; ++i) served.push_back(ask(*three));
  const auto waiting = ask(*three);
  for (auto& one : all) one.operational_state = OperationalState::down;

  three->set(set_of(all), options);
  three->admit(told.waiting[0]);

  EXPECT_THAT(waiting->name(), HasSubstr("a down"));
}

TEST_F(PoolTest, IsOutlivedByItsSessions) {
  limit(1);
  auto three = pool();
  const auto standing = ask(*three);
  const auto two = ask(*three);
  const auto last = ask(*three);
  standing->connect();
  const auto waiting = ask(*three);

  three.reset();

  EXPECT_EQ(waiting->name(), "the listener was removed while it waited");
  standing->end();
  EXPECT_EQ(row(0).assigned, 0U);
}

TEST_F(PoolTest, HearsOfPlacesThatOldSessionsFreeAfterTheListenerCameAgain) {
  limit(1);
  all.resize(1);
  const auto one = pool();
  const auto standing = ask(*one);
  standing->connect();
  one->close();
  EXPECT_TRUE(one->is_closed());
  EXPECT_TRUE(one->has_sessions());

  one->open(std::make_unique<FakeDoor>(told), set_of(all), options);
  const auto waiting = ask(*one);
  EXPECT_EQ(waiting->name(), "waits");
  standing->end();

  EXPECT_EQ(told.freed, 1);
}

TEST_F(PoolTest, KeepsAShorterTimeOfWaitingAlsoToThoseWhoWait) {
  limit(1);
  all.resize(1);
  const auto one = pool();
  const auto standing = ask(*one);
  const auto waiting = ask(*one);
  EXPECT_EQ(waiting->name(), "waits");

  options.queue_timeout = 20ms;
  one->set(set_of(all), options);

  EXPECT_TRUE(runner.run_until([&] { return waiting->name() != "waits"; }));
  EXPECT_EQ(waiting->name(), "no upstream had a place free within 20ms");
}

TEST_F(PoolTest, ReportsFailuresOneReportAtATime) {
  options.reports_failures = true;
  all.resize(1);
  const auto one = pool();
  for (int i = 0; i < 5; ++i) ask(*one)->fail();
  EXPECT_THAT(told.failures, ElementsAre(1));

  one->heard(*all[0].stats);
  EXPECT_THAT(told.failures, ElementsAre(1, 4));
  one->heard(*all[0].stats);
  ask(*one)->fail();

  EXPECT_THAT(told.failures, ElementsAre(1, 4, 1));
}

TEST_F(PoolTest, ReportsASessionOnceHoweverOftenItTriesAnUpstream) {
  options.reports_failures = true;
  all.resize(1);
  const auto one = pool();
  const auto asked = ask(*one);
  for (int i = 0; i < 3; ++i) {
    asked->fail();
    one->heard(*all[0].stats);
    asked->again();
  }

  EXPECT_THAT(told.failures, ElementsAre(1));
  EXPECT_EQ(row(0).failures.at("connect_refused"), 3U) << "attempts are counted all the same";
}

TEST_F(PoolTest, GivesASourceTheSameAddressOfAnUpstreamEachTime) {
  options.balance = Balance::source_hash;
  all.resize(1);
  all[0].addresses = std::make_shared<const AddressList>(std::vector{parse_ip_port("192.0.2.1:80").value(),
                                                                     parse_ip_port("192.0.2.2:80").value(),
                                                                     parse_ip_port("192.0.2.3:80").value()});
  const auto one = pool();
  std::set<std::string> used;
  for (int i = 0; i < 30; ++i) {
    const auto source = parse_ip_port("10.0.0." + std::to_string(i) + ":4000").value();
    const auto asked = ask(*one);
    asked->again(source);
    const auto first = asked->answer->value().address;
    asked->again(source);
    EXPECT_EQ(asked->answer->value().address, first);
    used.insert(first.text());
  }

  EXPECT_THAT(used, testing::SizeIs(3));
}

TEST_F(PoolTest, ReportsAnUpstreamThatResetsBeforeItSaysAnything) {
  options.reports_failures = true;
  const auto three = pool();
  Facts reset;
  reset.close.first = First::remote;
  reset.close.reason = Reason::peer_rst;
  const auto early = ask(*three);
  early->connect();
  early->end(reset);
  EXPECT_THAT(told.failures, ElementsAre(1));
  EXPECT_EQ(row(0).failures.at("peer_rst"), 1U);

  reset.bytes_in = 1;
  const auto later = ask(*three);
  later->connect();
  later->end(reset);

  EXPECT_THAT(told.failures, ElementsAre(1));
}

TEST_F(PoolTest, ReportsNothingWhereNobodyWantsToKnow) {
  const auto three = pool();
  ask(*three)->fail();

  EXPECT_THAT(told.failures, IsEmpty());
}

}  // namespace
}  // namespace tcpctl
