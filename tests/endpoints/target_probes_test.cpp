// SPDX-License-Identifier: Apache-2.0
#include "endpoints/target_probes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "endpoints/client_plans.hpp"
#include "support/dns_server.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using testing::HasSubstr;

class TargetProbesTest : public testing::Test {
 protected:
  TargetProbe probe(const std::string& target, const std::string& steps = "[]") {
    auto config = test::client_config(config::ClientMode::probe, test::to(listener.address()));
    return {.module = test::client_plan(config, owner, steps),
            .target = parse_connect_address(target).value(),
            .timeout = 1min,
            .allowed = std::vector{parse_network("127.0.0.0/8").value()}};
  }
  std::string here() { return listener.address().text(); }
  void run(const TargetProbe& wanted) {
    probes.run(wanted, [this](Result<ProbeRow> row) { answers.push_back(std::move(row)); });
  }
  Result<ProbeRow> answer(const TargetProbe& wanted) {
    run(wanted);
    if (runner.run_until([&] { return !answers.empty(); })) return answers.front();
    return fail(Errc::timed_out, "no answer");
  }

  test::LoopRunner runner;
  test::PlainListener listener;
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::client, "probe");
  test::DnsServer dns{runner.loop};
  Resolver resolver{runner.loop, {.servers = {dns.address().text()}, .attempts = 1}};
  std::vector<Result<ProbeRow>> answers;
  TargetProbes probes{runner.worker, resolver};
};

TEST_F(TargetProbesTest, TakesTheStepsOfTheModuleWithTheTarget) {
  const test::PlainListener elsewhere;
  auto wanted = probe(here(), R"([{ expect = "^hi" }])");
  wanted.module =
      test::client_plan(test::client_config(config::ClientMode::probe, test::to(elsewhere.address())), owner,
                        R"([{ expect = "^hi" }])");
  run(wanted);
  Peer peer;
  ASSERT_TRUE(runner.run_until([&] {
    if (Fd fd = listener.accept()) peer = Peer{std::move(fd)};
    return static_cast<bool>(peer);
  }));
  peer.write("hi\n");
  ASSERT_TRUE(runner.run_until([&] { return peer.at_eof(); }));
  peer.close();

  ASSERT_TRUE(runner.run_until([&] { return !answers.empty(); }));
  EXPECT_EQ(answers.front()->result, "L7OK");
  EXPECT_EQ(answers.front()->address, listener.address());
}

TEST_F(TargetProbesTest, RefusesATargetThatIsNotAllowed) {
  auto wanted = probe(here());
  wanted.allowed = std::vector{parse_network("10.0.0.0/8").value()};

  const auto refused = answer(wanted);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_THAT(refused.error().what, HasSubstr("is in none of api.probe_targets"));
  EXPECT_FALSE(listener.accept()) << "nobody was connected to";
}

// It is the address that is judged, not the name: a name is whatever its owner says at this moment.
TEST_F(TargetProbesTest, RefusesANameOfAnAddressThatIsNotAllowed) {
  dns.add("rebound.example", {{"192.0.2.9", 1}});

  const auto refused = answer(probe(fmt::format("rebound.example:{}", listener.address().port())));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_THAT(refused.error().what, HasSubstr("(192.0.2.9)"));
}

TEST_F(TargetProbesTest, ConnectsToThoseAddressesOfANameThatAreAllowed) {
  listener.close();
  dns.add("mixed.example", {{"192.0.2.9", 60}, {"127.0.0.1", 60}, {"192.0.2.10", 60}});

  const auto row = answer(probe(fmt::format("mixed.example:{}", listener.address().port())));

  ASSERT_TRUE(row);
  EXPECT_EQ(row->result, "L4CON");
  EXPECT_EQ(row->address, listener.address());
  EXPECT_TRUE(row->resolve);
  EXPECT_EQ(runner.worker.history().entries().size(), 1U) << "no other address was tried";
}

TEST_F(TargetProbesTest, SaysThatANameIsNotKnown) {
  EXPECT_EQ(answer(probe("nobody.example:7"))->result, "L4UNR");
}

TEST_F(TargetProbesTest, EndsAtItsTimeoutWhileTheNameServerIsSilent) {
  dns.set(test::DnsServer::Mood::silent);
  auto wanted = probe("slow.example:7");
  wanted.timeout = 30ms;

  const auto row = answer(wanted);

  EXPECT_EQ(row->result, "L4TOUT");
  EXPECT_THAT(row->got, HasSubstr("not resolved"));
}

TEST_F(TargetProbesTest, LetsWhoMayProbeAnything) {
  auto wanted = probe(here());
  wanted.allowed.reset();

  EXPECT_EQ(answer(wanted)->result, "L4OK");
}

TEST_F(TargetProbesTest, EndsAtItsTimeout) {
  auto wanted = probe(here(), R"([{ expect = "never" }])");
  wanted.timeout = 30ms;

  const auto row = answer(wanted);

  EXPECT_EQ(row->result, "L7TOUT");
  EXPECT_GE(row->took, 30ms);
}

TEST_F(TargetProbesTest, SaysNothingOnceItIsStopped) {
  run(probe(here(), R"([{ expect = "never" }])"));
  runner.settle();

  probes.stop();

  EXPECT_TRUE(runner.run_until([&] {
    Fd fd = listener.accept();
    return fd && Peer{std::move(fd)}.is_over();
  }));
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace tcpctl
