// SPDX-License-Identifier: Apache-2.0
#include "upstreams/director.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"
#include "support/dns_server.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class DirectorTest : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& address) {
    plan->upstreams.push_back({.identity = name,
                               .name = std::make_shared<const std::string>(name),
                               .address = parse_connect_address(address).value(),
                               .stats = std::make_shared<UpstreamStats>(1)});
  }
  /// Checks every 20 ms, and one result is enough.
  void check(bool closes_sessions = false) {
    auto health = std::make_shared<HealthPlan>();
    health->rules = {.is_checked = true, .rise = 1, .fall = 1, .fail_after = 0, .fail_for = 0s};
    health->interval = 20ms;
    health->closes_sessions = closes_sessions;
    auto checks = std::make_shared<Owner>(*owner);
    checks->in_history = false;
    const auto run = std::make_shared<ProbePlan>();
    run->dial.owner = checks;
    run->dial.connect_timeout = 1min;
    run->steps = std::make_shared<const std::vector<Step>>();
    run->timeout = 1min;
    health->probe = run;
    plan->health = health;
  }
  void start() {
    runner.worker.tick();
    Director::Doors doors;
    doors.publish = [this](const OwnerPtr&, const UpstreamSetPtr& upstreams, const PoolOptions&) {
      published.push_back(upstreams);
      told.push_back("set");
    };
    doors.admit = [this](Ticket ticket) { admitted.push_back(ticket); };
    doors.heard = [this](std::size_t, const std::shared_ptr<UpstreamStats>&) { ++heard; };
    doors.close_sessions = [this](const std::string& upstream) {
      closed.push_back(upstream);
      told.push_back("close " + upstream);
    };
    doors.drain_sessions = [this](const std::string& upstream, double share, Instant) {
      drained.emplace_back(upstream, share);
    };
    doors.keep_draining = [this](std::unique_ptr<Drain> drain) { kept.push_back(std::move(drain)); };
    director.emplace(runner.worker, *resolver, owner, plan, std::move(doors));
  }
  [[nodiscard]] UpstreamRow row(std::size_t index = 0) const { return director->rows().at(index); }
  bool comes_to(const std::string& state) {
    return runner.run_until([&] { return row().operational_state == state; });
  }
  /// The hosts of these names, .example, at 192.0.2.1, 192.0.2.2 …; a look-up is made anew every 20 ms.
  void hosts(const std::vector<std::string>& all) {
    resolver.emplace(
        runner.loop,
        Resolver::Options{
            .servers = {server.address().text()}, .attempts = 1, .least_ttl = 20ms, .first_retry = 20ms});
    for (std::size_t i = 0; i < all.size(); ++i)
      server.add(all[i] + ".example", {{"192.0.2." + std::to_string(i + 1), 0}});
  }
  bool has_rows(std::size_t count) {
    return runner.run_until(
        [&] { return director->rows().size() == count && row().operational_state != "resolving"; });
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& each : director->rows()) all.push_back(each.name);
    return all;
  }
  [[nodiscard]] std::size_t tiers() const { return published.back()->tiers().size(); }

  test::LoopRunner runner;
  test::DnsServer server{runner.loop};
  std::optional<Resolver> resolver{std::in_place, runner.loop,
                                   Resolver::Options{.servers = {server.address().text()}, .attempts = 1}};
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::listener, "forward");
  std::shared_ptr<ForwardPlan> plan = std::make_shared<ForwardPlan>();
  std::vector<UpstreamSetPtr> published;
  std::vector<Ticket> admitted;
  std::vector<std::pair<std::string, double>> drained;  // upstream, share
  std::vector<std::string> closed, told;                // `told`: in order
  std::vector<std::unique_ptr<Drain>> kept;
  int heard{0};
  std::optional<Director> director;
};

TEST_F(DirectorTest, PublishesWhatIsDeclaredAtOnce) {
  add("a", "192.0.2.1:80");
  plan->upstreams[0].weight = 5;
  plan->upstreams[0].backup = true;
  start();

  ASSERT_THAT(published, SizeIs(1));
  const Upstream& upstream = published[0]->all().at(0);
  EXPECT_EQ(*upstream.name, "a");
  EXPECT_EQ(upstream.weight, 5U);
  EXPECT_TRUE(upstream.is_backup());
  EXPECT_EQ(row().operational_state, "up");
  EXPECT_EQ(row().cause, "no health check is configured");
}

TEST_F(DirectorTest, PublishesTheAddressesOfANameOnceTheyAreKnown) {
  server.add("a.example", {{"192.0.2.1", 60}, {"192.0.2.2", 60}});
  add("a", "a.example:80");
  start();
  EXPECT_EQ(row().operational_state, "resolving");
  EXPECT_TRUE(published.back()->is_resolving());

  ASSERT_TRUE(comes_to("up"));
  EXPECT_TRUE(runner.run_until([&] { return tiers() == 1; }));

  EXPECT_THAT(row().resolved, testing::UnorderedElementsAre("192.0.2.1:80", "192.0.2.2:80"));
}

TEST_F(DirectorTest, TakesANameThatNobodyKnowsForDown) {
  add("a", "nowhere.example:80");
  start();

  ASSERT_TRUE(comes_to("down"));
  EXPECT_TRUE(runner.run_until([&] { return !published.back()->is_resolving(); }));
  EXPECT_THAT(published.back()->why_none(), HasSubstr("nowhere.example"));
}

TEST_F(DirectorTest, DrainsOneUpstreamForSoLongAndTellsSo) {
  add("a", "192.0.2.1:80");
  add("b", "192.0.2.2:80");
  start();

  const auto changed =
      director->change("a", {.admin_state = AdminState::drain, .weight = {}, .drain = 100ms});

  ASSERT_TRUE(changed->drain);
  EXPECT_EQ(changed->drain->ends_at - changed->drain->began_at, 100ms);
  EXPECT_TRUE(row(0).drain);
  EXPECT_FALSE(row(1).drain);
  ASSERT_TRUE(runner.run_until([&] { return !drained.empty() && drained.back().second == 1; }));
  EXPECT_GT(drained.size(), 2U) << "a share at a time";
  EXPECT_LT(drained.front().second, 0.9);
  EXPECT_TRUE(std::ranges::all_of(drained, [](const auto& one) { return one.first == "a"; }));
}

TEST_F(DirectorTest, EndsADrainWhereAnotherStateIsWanted) {
  add("a", "192.0.2.1:80");
  start();
  for (const auto other : {AdminState::ready, AdminState::drain}) {
    (void)director->change("a", {.admin_state = AdminState::drain, .weight = {}, .drain = 1h});
    (void)director->change("a", {.admin_state = {}, .weight = 5U});
    ASSERT_TRUE(row().drain) << "a weight is none";

    const auto changed = director->change("a", {.admin_state = other, .weight = {}});

    EXPECT_FALSE(changed->drain);
    EXPECT_FALSE(row().drain);
  }
}

TEST_F(DirectorTest, LeavesTheDrainOfAnUpstreamThatIsDeclaredNoMoreToItsEnd) {
  add("a", "192.0.2.1:80");
  start();
  (void)director->change("a", {.admin_state = AdminState::drain, .weight = {}, .drain = 100ms});

  auto none = std::make_shared<ForwardPlan>(*plan);
  none->upstreams.clear();
  director->set_plan(owner, none);
  director->set_plan(owner, plan);

  EXPECT_FALSE(row().drain) << "the new one is none of it";
  EXPECT_EQ(kept.size(), 1U);
  director.reset();
  EXPECT_TRUE(runner.run_until([&] { return !drained.empty() && drained.back().second == 1; }));
}

TEST_F(DirectorTest, LeavesItsDrainsToTheirEndsWhenItGoes) {
  add("a", "192.0.2.1:80");
  start();
  (void)director->change("a", {.admin_state = AdminState::drain, .weight = {}, .drain = 100ms});

  director.reset();

  EXPECT_TRUE(runner.run_until([&] { return !drained.empty() && drained.back().second == 1; }));
}

TEST_F(DirectorTest, FollowsTheOperatorAndKeepsThatOverAReload) {
  add("a", "192.0.2.1:80");
  add("b", "192.0.2.2:80");
  start();

  const auto changed = director->change("a", {.admin_state = AdminState::drain, .weight = {}});
  const auto weighted = director->change("b", {.admin_state = {}, .weight = 9U});

  EXPECT_EQ(changed->admin_state, "drain");
  EXPECT_EQ(changed->admin_cause, "set at run time");
  EXPECT_EQ(weighted->weight, 9U);
  EXPECT_THAT(published.back()->tiers(), ElementsAre(ElementsAre(1)));
  auto next = std::make_shared<ForwardPlan>(*plan);
  next->upstreams[1].weight = 3;
  director->set_plan(owner, next);
  EXPECT_EQ(row(0).admin_state, "drain");
  EXPECT_EQ(row(1).weight, 9U);
  EXPECT_EQ(row(1).config_weight, 3U);
  EXPECT_EQ(director->change("b", {.admin_state = {}, .weight = std::optional<std::uint32_t>{}})->weight, 3U);
}

TEST_F(DirectorTest, LetsAWishWinOverTheFileAndTakesItBack) {
  add("a", "192.0.2.1:80");
  plan->upstreams[0].state = AdminState::maint;
  start();
  EXPECT_EQ(row().admin_state, "maint") << "nothing else was wished";
  EXPECT_EQ(row().admin_cause, "");

  const auto ready = director->change("a", {.admin_state = AdminState::ready, .weight = {}});
  EXPECT_EQ(ready->config_state, "maint");
  EXPECT_EQ(ready->admin_state, "ready");
  EXPECT_EQ(ready->operational_state, "up");
  EXPECT_EQ(tiers(), 1U);

  const auto back = director->change("a", {.admin_state = std::optional<AdminState>{}, .weight = {}});
  EXPECT_EQ(back->admin_state, "maint");
  EXPECT_EQ(tiers(), 0U);
}

TEST_F(DirectorTest, KeepsAWishWithTheServerAndNotWithItsPlace) {
  add("u1", "192.0.2.1:80");
  add("u2", "192.0.2.2:80");
  plan->upstreams[0].identity = "/192.0.2.1:80/0";
  plan->upstreams[1].identity = "/192.0.2.2:80/0";
  start();
  (void)director->change("u1", {.admin_state = AdminState::drain, .weight = {}});
  (void)director->change("u2", {.admin_state = AdminState::maint, .weight = {}});

  auto next = std::make_shared<ForwardPlan>(*plan);
  next->upstreams.erase(next->upstreams.begin());
  next->upstreams[0].name = plan->upstreams[0].name;
  director->set_plan(owner, next);
  EXPECT_EQ(row(0).name, "u1");
  EXPECT_EQ(row(0).admin_state, "maint");

  director->set_plan(owner, plan);
  EXPECT_EQ(row(0).admin_state, "ready") << "it went, and its wish with it";
  EXPECT_EQ(row(1).admin_state, "maint");
}

TEST_F(DirectorTest, KnowsItsUpstreamsByName) {
  add("a", "192.0.2.1:80");
  start();

  EXPECT_EQ(director->change("b", {}).error().code, Errc::not_found);
}

TEST_F(DirectorTest, TakesOutWhoFailsChecksAndSaysWhy) {
  add("a", test::closed_port().text());
  check();
  start();

  ASSERT_TRUE(comes_to("down"));
  EXPECT_TRUE(runner.run_until([&] { return tiers() == 0; }));

  EXPECT_THAT(row().cause, StartsWith("L4CON Connection refused"));
  EXPECT_EQ(row().last_check->result, "L4CON");
  EXPECT_THAT(closed, SizeIs(0));
}

TEST_F(DirectorTest, ChecksAsSessionsConnectByWhicheverAddressAnswers) {
  test::PlainListener listener;
  server.add("a.example", {{"::1", 60}, {"127.0.0.1", 60}});
  add("a", "a.example:" + std::to_string(listener.address().port()));
  check();
  start();

  ASSERT_TRUE(runner.run_until([&] { return row().last_check && row().last_check->success; }));
  EXPECT_EQ(row().operational_state, "up");
  EXPECT_THAT(row().failures, testing::IsEmpty());
  EXPECT_EQ(owner->stats->opened(), 0U) << "checks are no sessions";
  EXPECT_EQ(runner.worker.opened().read(), 0U);
}

TEST_F(DirectorTest, TakesBackWhoPassesChecks) {
  const Address address = test::closed_port();
  add("a", address.text());
  check();
  start();
  ASSERT_TRUE(comes_to("down"));

  test::PlainListener back{128, address};

  ASSERT_TRUE(comes_to("up"));
  EXPECT_THAT(row().cause, StartsWith("L4OK in "));
  EXPECT_TRUE(runner.run_until([&] { return tiers() == 1; }));
  EXPECT_TRUE(runner.worker.history().entries().empty()) << "checks are no sessions";
}

TEST_F(DirectorTest, EndsTheSessionsOfWhoGoesDownWhereThatIsWished) {
  add("a", test::closed_port().text());
  check(true);
  start();

  ASSERT_TRUE(comes_to("down"));
  EXPECT_TRUE(runner.run_until([&] { return !closed.empty(); }));
  EXPECT_THAT(told, ElementsAre("set", "set", "close a")) << "no session may be given out behind the end";
}

TEST_F(DirectorTest, ChecksNobodyInMaintenance) {
  test::PlainListener listener;
  add("a", listener.address().text());
  check();
  start();
  ASSERT_TRUE(runner.run_until([&] { return row().last_check.has_value(); }));

  (void)director->change("a", {.admin_state = AdminState::maint, .weight = {}});
  listener.close();
  const auto at = row().last_check->at;
  runner.run_beats(100);

  EXPECT_EQ(row().operational_state, "unknown");
  EXPECT_EQ(row().last_check->at, at);
  (void)director->change("a", {.admin_state = AdminState::ready, .weight = {}});
  EXPECT_TRUE(comes_to("down"));
}

TEST_F(DirectorTest, TakesOutWhoFailsSessionsInARow) {
  add("a", "192.0.2.1:80");
  auto health = std::make_shared<HealthPlan>();
  health->rules.fail_after = 3;
  health->rules.fail_for = 30ms;
  plan->health = health;
  start();
  const auto& stats = plan->upstreams[0].stats;

  director->failed(0, stats, Reason::connect_refused, 2);
  stats->share(0).connections.add();  // one in between went well
  director->failed(0, stats, Reason::connect_refused, 2);
  EXPECT_EQ(row().operational_state, "up");
  director->failed(0, stats, Reason::connect_refused, 1);

  EXPECT_EQ(row().operational_state, "down");
  EXPECT_EQ(row().cause, "sessions fail: connect_refused");
  EXPECT_EQ(heard, 3);
  EXPECT_TRUE(comes_to("up"));
}

TEST_F(DirectorTest, KeepsWhatItKnowsOfAnUpstreamThatStays) {
  add("a", test::closed_port().text());
  check();
  start();
  ASSERT_TRUE(comes_to("down"));
  const auto since = row().since;

  auto next = std::make_shared<ForwardPlan>(*plan);
  next->upstreams.insert(next->upstreams.begin(), next->upstreams[0]);
  next->upstreams[0].name = std::make_shared<const std::string>("new");
  next->upstreams[0].stats = std::make_shared<UpstreamStats>(1);
  director->set_plan(owner, next);

  EXPECT_EQ(row(0).operational_state, "up");
  EXPECT_EQ(row(1).operational_state, "down");
  EXPECT_EQ(row(1).since, since);
}

TEST_F(DirectorTest, MakesAnUpstreamOfEachTargetOfAService) {
  hosts({"a", "b", "c"});
  server.add_service("_web._tcp.example",
                     {{10, 30000, 80, "a.example"}, {10, 60000, 81, "b.example"}, {20, 0, 82, "c.example"}});
  add("u1", "srv:_web._tcp.example");
  plan->upstreams[0].weight = 3;
  start();
  EXPECT_EQ(row().operational_state, "resolving");
  EXPECT_EQ(row().weight, 3U) << "as declared";
  ASSERT_TRUE(has_rows(3));

  EXPECT_THAT(names(), ElementsAre("u1-1", "u1-2", "u1-3"));
  EXPECT_EQ(row(0).address, "a.example:80");
  EXPECT_THAT(row(0).resolved, ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(row(0).weight, 128U) << "half of the other, whatever the weight of the upstream";
  EXPECT_EQ(row(1).weight, 256U);
  EXPECT_EQ(row(2).weight, 3U);
  EXPECT_EQ(row(2).tier, 1U);
  EXPECT_TRUE(runner.run_until([&] { return tiers() == 2; }));
  EXPECT_THAT(closed, SizeIs(0)) << "what stood for the service until then did not go down";
}

TEST_F(DirectorTest, EndsNoSessionsWhereAServiceIsResolvedAtLast) {
  hosts({"a"});
  server.add_service("_web._tcp.example", {{10, 1, 80, "a.example"}});
  add("u1", "srv:_web._tcp.example");
  auto health = std::make_shared<HealthPlan>();
  health->closes_sessions = true;
  plan->health = health;
  start();

  ASSERT_TRUE(runner.run_until([&] { return tiers() == 1; }));

  EXPECT_THAT(closed, SizeIs(0));
}

TEST_F(DirectorTest, SaysOfATargetAloneThatItsHostFails) {
  hosts({"a"});
  server.add_service("_web._tcp.example", {{10, 1, 80, "a.example"}, {10, 1, 80, "nowhere.example"}});
  add("u1", "srv:_web._tcp.example");
  start();
  ASSERT_TRUE(has_rows(2));

  EXPECT_EQ(row(0).operational_state, "up");
  EXPECT_EQ(row(0).cause, "no health check is configured");
  EXPECT_EQ(row(1).operational_state, "down");
  EXPECT_THAT(row(1).cause, HasSubstr("nowhere.example"));
}

TEST_F(DirectorTest, KeepsTheLastAddressesOfANameAndSaysSo) {
  hosts({"a"});
  add("a", "a.example:80");
  start();
  ASSERT_TRUE(comes_to("up"));

  server.set(test::DnsServer::Mood::fails);

  EXPECT_TRUE(runner.run_until([&] { return row().cause.find("last addresses stay") != std::string::npos; }));
  EXPECT_EQ(row().operational_state, "up");
  EXPECT_THAT(row().resolved, ElementsAre("192.0.2.1:80"));
}

TEST_F(DirectorTest, GivesATargetThatComesBackItsNameAndItsWish) {
  hosts({"a", "b"});
  const std::vector<test::DnsServer::Service> both{{10, 1, 80, "a.example", 0}, {10, 1, 80, "b.example", 0}};
  server.add_service("_web._tcp.example", both);
  add("u1", "srv:_web._tcp.example");
  start();
  ASSERT_TRUE(has_rows(2));
  (void)director->change("u1-1", {.admin_state = AdminState::maint, .weight = 7U});

  server.add_service("_web._tcp.example", {both[1]});
  ASSERT_TRUE(has_rows(1));
  EXPECT_THAT(names(), ElementsAre("u1-2"));
  server.add_service("_web._tcp.example", both);
  ASSERT_TRUE(has_rows(2));

  EXPECT_EQ(row(0).address, "a.example:80");
  EXPECT_EQ(row(0).admin_state, "maint");
  EXPECT_EQ(row(0).weight, 7U);
  EXPECT_EQ(row(1).admin_state, "ready");
}

TEST_F(DirectorTest, GivesNoTargetTheNameOfOneThatStillHasSessions) {
  hosts({"a", "b"});
  server.add_service("_web._tcp.example", {{10, 1, 80, "a.example", 0}});
  add("u1", "srv:_web._tcp.example");
  start();
  ASSERT_TRUE(runner.run_until([&] { return tiers() == 1; }));
  const auto stats = director->upstreams()->at(0).stats;
  ASSERT_TRUE(stats->places().take(1));

  server.add_service("_web._tcp.example", {{10, 1, 80, "b.example", 0}});
  ASSERT_TRUE(has_rows(2));
  EXPECT_EQ(row(1).address, "b.example:80");
  EXPECT_EQ(row(1).name, "u1-2");

  stats->places().give_back();
  server.add_service("_web._tcp.example", {{10, 1, 81, "b.example", 0}});
  ASSERT_TRUE(runner.run_until([&] { return row().address == "b.example:81"; }));
  EXPECT_EQ(row().name, "u1-1");
}

TEST_F(DirectorTest, KeepsATargetThatDnsDropsAsDownWhileItHasSessions) {
  hosts({"a", "b"});
  const std::vector<test::DnsServer::Service> both{{10, 1, 80, "a.example", 0}, {10, 1, 80, "b.example", 0}};
  server.add_service("_web._tcp.example", both);
  add("u1", "srv:_web._tcp.example");
  auto health = std::make_shared<HealthPlan>();
  health->closes_sessions = true;
  plan->health = health;
  start();
  ASSERT_TRUE(runner.run_until([&] { return tiers() == 1 && published.back()->tiers()[0].size() == 2; }));
  const auto stats = director->upstreams()->at(0).stats;
  ASSERT_TRUE(stats->places().take(1));

  server.add_service("_web._tcp.example", {both[1]});
  ASSERT_TRUE(runner.run_until([&] { return !closed.empty(); }));

  EXPECT_THAT(closed, ElementsAre("u1-1"));
  EXPECT_THAT(names(), ElementsAre("u1-1", "u1-2"));
  EXPECT_EQ(row(0).operational_state, "down");
  EXPECT_EQ(row(0).cause, "DNS names it no longer");
  EXPECT_THAT(published.back()->tiers(), ElementsAre(ElementsAre(1U))) << "no new sessions";
  stats->places().give_back();
  EXPECT_THAT(names(), ElementsAre("u1-2")) << "with its last session";
}

TEST_F(DirectorTest, TakesATargetBackThatWasDroppedWhileItHadSessions) {
  hosts({"a", "b"});
  const std::vector<test::DnsServer::Service> both{{10, 1, 80, "a.example", 0}, {10, 1, 80, "b.example", 0}};
  server.add_service("_web._tcp.example", both);
  add("u1", "srv:_web._tcp.example");
  start();
  ASSERT_TRUE(runner.run_until([&] { return director->upstreams()->all().size() == 2; }));
  ASSERT_TRUE(director->upstreams()->at(0).stats->places().take(1));
  server.add_service("_web._tcp.example", {both[1]});
  ASSERT_TRUE(comes_to("down"));

  server.add_service("_web._tcp.example", both);

  ASSERT_TRUE(comes_to("up"));
  EXPECT_THAT(names(), ElementsAre("u1-1", "u1-2"));
  EXPECT_EQ(row().cause, "no health check is configured");
}

TEST_F(DirectorTest, GoesOnCheckingWhereAReloadLeavesTheChecksAsTheyAre) {
  test::PlainListener silent;
  add("a", silent.address().text());
  check();
  auto patient = std::make_shared<ProbePlan>(*plan->health->probe);
  Step until_eof{};
  until_eof.kind = StepKind::expect_eof;
  patient->steps = std::make_shared<const std::vector<Step>>(1, until_eof);
  const auto reload = [&](Duration timeout) {
    patient = std::make_shared<ProbePlan>(*patient);
    patient->steps = std::make_shared<const std::vector<Step>>(*patient->steps);
    patient->timeout = timeout;
    auto health = std::make_shared<HealthPlan>(*plan->health);
    health->probe = patient;
    health->rules.fall = 3;
    plan = std::make_shared<ForwardPlan>(*plan);
    plan->health = health;
    if (director) director->set_plan(owner, plan);
  };
  reload(1min);
  start();
  std::vector<Fd> checks;
  const auto accept = [&] {
    if (Fd fd = silent.accept()) checks.push_back(std::move(fd));
    return checks.size();
  };
  ASSERT_TRUE(runner.run_until([&] { return accept() == 1; }));

  for (int i = 0; i < 3; ++i) {
    reload(1min);
    runner.run_beats(50);
  }
  EXPECT_EQ(accept(), 1U) << "the run goes on";
  reload(2min);
  EXPECT_TRUE(runner.run_until([&] { return accept() == 2; })) << "another check begins anew";
}

TEST_F(DirectorTest, TakesAWishForAServiceForAllItsTargets) {
  hosts({"a", "b", "c"});
  server.add_service("_web._tcp.example", {{10, 1, 80, "a.example", 0}, {10, 1, 80, "b.example", 0}});
  add("u1", "srv:_web._tcp.example");
  start();
  EXPECT_EQ(director->change("u1", {.admin_state = AdminState::drain, .weight = {}})->admin_state, "drain");
  ASSERT_TRUE(has_rows(2));
  EXPECT_EQ(row(0).admin_state, "drain");

  const auto whole = director->change("u1", {.admin_state = {}, .weight = 5U});
  EXPECT_EQ(whole->name, "u1");
  EXPECT_EQ(whole->cause, "2 of 2 targets are up");
  EXPECT_EQ(row(1).weight, 5U);
  EXPECT_EQ(row(1).config_weight, 1U);
  (void)director->change("u1-2", {.admin_state = AdminState::ready, .weight = {}});
  EXPECT_EQ(row(1).admin_state, "ready");
  server.add_service("_web._tcp.example", {{10, 1, 80, "c.example", 0}});
  ASSERT_TRUE(runner.run_until([&] { return row().address == "c.example:80"; }));

  EXPECT_EQ(row().admin_state, "drain") << "also for those that come later";
}

TEST_F(DirectorTest, LetsThoseWhoWaitInAsSoonAsANameIsKnown) {
  server.add("a.example", {{"192.0.2.1", 60}});
  add("a", "a.example:80");
  start();
  director->wait(Ticket{1}, false);
  director->wait(Ticket{2}, false);

  EXPECT_TRUE(runner.run_until([&] { return admitted.size() == 2; }));
}

}  // namespace
}  // namespace tcpctl
