// SPDX-License-Identifier: Apache-2.0
#include "upstreams/resolver.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "support/dns_server.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using test::DnsZone;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Mood = DnsServer::Mood;

class ResolverTest : public testing::Test {
 protected:
  /// A time-out that is long enough not to matter on a busy machine, unless the test is about it.
  [[nodiscard]] Resolver::Options options(Duration timeout = 60s, int attempts = 1) const {
    return {.servers = {server.address().text()}, .attempt_timeout = timeout, .attempts = attempts};
  }
  /// Resolves and runs the loop until the answer is there.
  Result<Resolved> resolve(std::string_view host, std::uint16_t port = 80) {
    std::optional<Result<Resolved>> answer;
    const auto request = resolver->resolve(host, port, [&](Result<Resolved> result) {
      answer = std::move(result);
      if (!*answer || (*answer)->is_final()) loop.stop();
    });
    loop.run();
    return *answer;
  }
  static std::vector<std::string> texts(const Result<Resolved>& resolved) {
    std::vector<std::string> all;
    if (!resolved) return {resolved.error().what};
    for (const auto& address : resolved->addresses) all.push_back(address.text());
    return all;
  }
  /// Runs what was posted up to now.
  void run_posted() {
    loop.stop();
    loop.run();
  }

  Loop loop{"test"};
  DnsServer server{loop};
  std::optional<Resolver> resolver{std::in_place, loop, options()};
};

TEST_F(ResolverTest, AnswersTheAddressesOfAName) {
  server.add("two.example", {{"192.0.2.1", 60}, {"192.0.2.2", 60}});

  const auto answer = resolve("two.example", 7000);

  EXPECT_THAT(texts(answer), UnorderedElementsAre("192.0.2.1:7000", "192.0.2.2:7000"));
}

TEST_F(ResolverTest, AnswersBothFamilies) {
  server.add("both.example", {{"192.0.2.1", 60}, {"2001:db8::1", 60}});

  EXPECT_THAT(texts(resolve("both.example")), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80"));
}

TEST_F(ResolverTest, TellsTheSmallestTtl) {
  server.add("ttl.example", {{"192.0.2.1", 300}, {"192.0.2.2", 17}, {"2001:db8::1", 60}});

  EXPECT_EQ(resolve("ttl.example")->ttl, 17s);
}

TEST_F(ResolverTest, FollowsAnAliasAndCountsItsTtlToo) {
  server.add("real.example", {{"192.0.2.1", 300}});
  server.add_alias("alias.example", {"real.example", 5});

  const auto answer = resolve("alias.example");

  EXPECT_THAT(texts(answer), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(answer->ttl, 5s);
}

/// A name server that has both families of a name, and is slow or fails with one of them.
class ResolverFamiliesTest : public ResolverTest {
 protected:
  ResolverFamiliesTest() {
    server.add("both.example", {{"192.0.2.1", 60}, {"2001:db8::1", 30}});
    request_options = options();
    request_options.resolution_delay = 1ms;
  }
  void ask() {
    resolver.emplace(loop, request_options);
    request = resolver->resolve("both.example", 80, [this](Result<Resolved> result) {
      answers.push_back(std::move(result));
      loop.stop();
    });
    loop.run();
  }
  void more() {
    server.answer_late();
    loop.run();
  }

  Resolver::Options request_options;
  Resolver::Request request;
  std::vector<Result<Resolved>> answers;
};

TEST_F(ResolverFamiliesTest, TellsOfIpv4AfterAMomentAndOfIpv6WhenItComes) {
  server.set(DnsZone::kAaaa, Mood::silent);
  ask();
  ASSERT_THAT(texts(answers.at(0)), ElementsAre("192.0.2.1:80"));
  EXPECT_FALSE(answers[0]->is_final());
  EXPECT_EQ(answers[0]->missing, AF_INET6);
  EXPECT_EQ(answers[0]->ttl, 60s);

  more();

  ASSERT_THAT(texts(answers.at(1)), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80"));
  EXPECT_TRUE(answers[1]->is_final());
  EXPECT_EQ(answers[1]->ttl, 30s) << "the least of both";
}

TEST_F(ResolverFamiliesTest, TellsOfIpv6WithoutIpv4Too) {
  server.set(DnsZone::kA, Mood::silent);
  ask();

  ASSERT_THAT(texts(answers.at(0)), ElementsAre("[2001:db8::1]:80"));
  EXPECT_EQ(answers[0]->missing, AF_INET);
  more();
  EXPECT_THAT(texts(answers.at(1)), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80"));
}

TEST_F(ResolverFamiliesTest, LetsOneFamilyWaitForTheOther) {
  request_options.resolution_delay = 1h;
  server.set(DnsZone::kAaaa, Mood::silent);
  // A's query is the second, and its answer leaves before what was kept back does.
  server.on_query = [this] {
    if (server.queries() == 2) loop.post([this] { server.answer_late(); });
  };

  ask();

  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(texts(answers[0]), UnorderedElementsAre("192.0.2.1:80", "[2001:db8::1]:80"));
}

TEST_F(ResolverFamiliesTest, SaysWhyAFamilyIsMissing) {
  server.set(DnsZone::kAaaa, Mood::fails);

  ask();

  ASSERT_THAT(texts(answers.at(0)), ElementsAre("192.0.2.1:80"));
  EXPECT_TRUE(answers[0]->is_final());
  EXPECT_EQ(answers[0]->missing, AF_INET6);
  EXPECT_EQ(answers[0]->error, "host 'both.example': the name servers cannot be reached or failed");
}

TEST_F(ResolverFamiliesTest, DoesNotMissAFamilyThatTheNameHasNot) {
  server.add("both.example", {{"192.0.2.1", 60}});

  ask();

  ASSERT_THAT(texts(answers.at(0)), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(answers[0]->missing, AF_UNSPEC);
}

TEST_F(ResolverFamiliesTest, FailsWhereOneFamilyDoesAndTheOtherHasNone) {
  server.add("both.example", {{"192.0.2.1", 60}});
  server.set(DnsZone::kA, Mood::fails);

  ask();

  ASSERT_FALSE(answers.at(0));
  EXPECT_EQ(answers[0].error().code, Errc::unavailable) << "it may have addresses all the same";
}

TEST_F(ResolverFamiliesTest, KeepsSomeOfEachFamilyOfTooMany) {
  std::vector<DnsServer::Record> many;
  for (int i = 1; i <= 100; ++i) many.push_back({fmt::format("192.0.2.{}", i), 60});
  for (int i = 1; i <= 40; ++i) many.push_back({fmt::format("2001:db8::{:x}", i), 60});
  server.add("both.example", many);
  request_options.resolution_delay = 1h;

  ask();

  ASSERT_EQ(answers.at(0)->addresses.size(), Resolved::kMostAddresses);
  EXPECT_EQ(std::ranges::count(answers[0]->addresses, AF_INET6, &Address::family), 32);
}

TEST_F(ResolverTest, AsksNobodyForALiteral) {
  EXPECT_THAT(texts(resolve("127.0.0.1", 1)), ElementsAre("127.0.0.1:1"));
  EXPECT_THAT(texts(resolve("::1", 65535)), ElementsAre("[::1]:65535"));
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(ResolverTest, KnowsTheHostsFile) {
  const auto answer = resolve("localhost", 80);
  EXPECT_THAT(texts(answer), testing::Contains("127.0.0.1:80"));
  EXPECT_EQ(answer->ttl, 5s) << "the file tells none, and may change";
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(ResolverTest, SaysThatThereIsNoSuchName) {
  const auto answer = resolve("missing.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::not_found);
  EXPECT_EQ(answer.error().what, "host 'missing.example': no such name");
}

TEST_F(ResolverTest, SaysThatANameHasNoAddress) {
  server.add("empty.example", {});

  const auto answer = resolve("empty.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::not_found);
  EXPECT_EQ(answer.error().what, "host 'empty.example': the name has no address");
}

TEST_F(ResolverTest, GivesUpOnASilentServer) {
  server.set(Mood::silent);
  resolver.emplace(loop, options(20ms));

  const auto answer = resolve("slow.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(answer.error().what, "host 'slow.example': no answer from the name servers");
}

TEST_F(ResolverTest, TakesNoiseForNoAnswer) {
  server.set(Mood::noise);
  resolver.emplace(loop, options(20ms));

  const auto answer = resolve("noise.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST_F(ResolverTest, RefusesAMalformedAnswer) {
  server.set(Mood::malformed);

  const auto answer = resolve("garbage.example");

  EXPECT_FALSE(answer);
}

TEST_F(ResolverTest, AnswersAgainAfterAFailure) {
  EXPECT_FALSE(resolve("late.example"));
  server.add("late.example", {{"192.0.2.1", 60}});

  EXPECT_THAT(texts(resolve("late.example")), ElementsAre("192.0.2.1:80"));
}

TEST_F(ResolverTest, AsksAgainWhereAnAnswerWasLost) {
  server.add("lost.example", {{"192.0.2.1", 60}});
  server.set(Mood::silent);
  server.on_query = [&] { server.set(server.queries() > 2 ? Mood::answers : Mood::silent); };
  resolver.emplace(loop, options(5ms, 20));

  EXPECT_THAT(texts(resolve("lost.example")), ElementsAre("192.0.2.1:80"));
}

TEST_F(ResolverTest, RefusesWhatIsNoHostName) {
  for (const auto& name : {std::string{}, std::string("a\0b", 3), std::string(300, 'a')}) {
    const auto answer = resolve(name);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::invalid_argument);
  }
}

TEST_F(ResolverTest, ServesSeveralRequestsAtOnce) {
  server.add("a.example", {{"192.0.2.1", 60}});
  server.add("b.example", {{"192.0.2.2", 60}});
  std::vector<std::string> seen;
  const auto note = [&](const Result<Resolved>& answer) {
    seen.push_back(texts(answer).front());
    if (seen.size() == 2) loop.stop();
  };

  const auto first = resolver->resolve("a.example", 1, note);
  const auto second = resolver->resolve("b.example", 2, note);
  loop.run();

  EXPECT_THAT(seen, UnorderedElementsAre("192.0.2.1:1", "192.0.2.2:2"));
}

TEST_F(ResolverTest, NeverCallsBackWithinTheRequest) {
  bool called = false;
  const auto request = resolver->resolve("127.0.0.1", 1, [&](const auto&) { called = true; });

  EXPECT_FALSE(called);
  run_posted();
  EXPECT_TRUE(called);
}

TEST_F(ResolverTest, ForgetsARequestThatIsDropped) {
  server.add("a.example", {{"192.0.2.1", 60}});
  bool called = false;
  auto dropped = resolver->resolve("a.example", 1, [&](const auto&) { called = true; });
  auto literal = resolver->resolve("127.0.0.1", 1, [&](const auto&) { called = true; });

  dropped.cancel();
  literal = {};
  EXPECT_TRUE(resolve("a.example"));

  EXPECT_FALSE(called);
}

TEST_F(ResolverTest, MayBeDestroyedWithRequestsInFlight) {
  server.set(Mood::silent);
  bool called = false;
  const auto query = resolver->resolve("a.example", 1, [&](const auto&) { called = true; });
  const auto literal = resolver->resolve("127.0.0.1", 1, [&](const auto&) { called = true; });

  resolver.reset();
  run_posted();

  EXPECT_FALSE(called);
}

TEST_F(ResolverTest, MayBeDestroyedFromItsOwnCallback) {
  server.add("a.example", {{"192.0.2.1", 60}});

  const auto request = resolver->resolve("a.example", 1, [&](const auto&) {
    resolver.reset();
    loop.stop();
  });
  loop.run();

  EXPECT_FALSE(resolver);
}

TEST_F(ResolverTest, MayBeAskedAgainFromItsOwnCallback) {
  server.add("a.example", {{"192.0.2.1", 60}});
  std::optional<Result<Resolved>> second;
  Resolver::Request again;
  const auto request = resolver->resolve("a.example", 1, [&](const auto&) {
    again = resolver->resolve("a.example", 2, [&](Result<Resolved> answer) {
      second = std::move(answer);
      loop.stop();
    });
  });

  loop.run();

  EXPECT_THAT(texts(*second), ElementsAre("192.0.2.1:2"));
}

TEST_F(ResolverTest, SaysWhatIsWrongWithAServerThatIsNoAddress) {
  resolver.emplace(loop, Resolver::Options{.servers = {"not an address"}});

  const auto answer = resolve("a.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_THAT(answer.error().what, HasSubstr("name resolution"));
}

TEST_F(ResolverTest, FollowsAChainOfAliases) {
  server.add_alias("a.example", {"b.example", 300});
  server.add_alias("b.example", {"c.example", 20});
  server.add("c.example", {{"192.0.2.1", 60}});

  const auto answer = resolve("a.example");

  EXPECT_THAT(texts(answer), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(answer->ttl, 20s);
}

TEST_F(ResolverTest, SaysThatTheServersFailed) {
  server.set(Mood::fails);

  const auto answer = resolve("a.example");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_EQ(answer.error().what, "host 'a.example': the name servers cannot be reached or failed");
}

TEST_F(ResolverTest, AsksTheNextServerWhereOneFails) {
  DnsServer other{loop};
  server.set(Mood::fails);
  other.add("a.example", {{"192.0.2.1", 60}});
  auto both = options();
  both.servers.push_back(other.address().text());
  resolver.emplace(loop, both);

  EXPECT_THAT(texts(resolve("a.example")), ElementsAre("192.0.2.1:80"));
}

TEST_F(ResolverTest, AsksAgainOverTcpWhereAnAnswerIsCutShort) {
  server.add("a.example", {{"192.0.2.1", 60}});
  server.set(Mood::cuts);

  EXPECT_THAT(texts(resolve("a.example")), ElementsAre("192.0.2.1:80"));
  EXPECT_GT(server.tcp_queries(), 0U);
}

TEST_F(ResolverTest, KeepsTheSameOnesOfTooManyAddresses) {
  std::vector<DnsServer::Record> many;
  for (int i = 0; i < 1000; ++i) many.push_back({fmt::format("127.1.{}.{}", i / 250, i % 250 + 1), 60});
  server.add("huge.example", many);
  const auto first = resolve("huge.example");
  std::ranges::reverse(many);
  server.add("huge.example", many);
  const auto second = resolve("huge.example");

  EXPECT_EQ(texts(first).size(), Resolved::kMostAddresses);
  EXPECT_THAT(texts(second), testing::UnorderedElementsAreArray(texts(first)));
}

TEST_F(ResolverTest, IsNotDisturbedByAnAnswerThatComesTooLate) {
  server.add("late.example", {{"192.0.2.1", 60}});
  server.set(Mood::silent);
  resolver.emplace(loop, options(20ms));
  EXPECT_EQ(resolve("late.example").error().code, Errc::timed_out);

  server.answer_late();
  server.set(Mood::answers);

  EXPECT_THAT(texts(resolve("late.example")), ElementsAre("192.0.2.1:80"));
}

TEST_F(ResolverTest, AnswersTheHostsOfAService) {
  server.add_service("_web._tcp.example", {{20, 5, 8002, "b.example"}, {10, 60, 8001, "a.example", 30}});
  std::optional<Result<SrvAnswer>> answer;
  const auto request = resolver->resolve_srv("_web._tcp.example", [&](Result<SrvAnswer> result) {
    answer = std::move(result);
    loop.stop();
  });
  loop.run();

  EXPECT_THAT((*answer)->records,
              ElementsAre(SrvRecord{"a.example", 8001, 10, 60}, SrvRecord{"b.example", 8002, 20, 5}));
  EXPECT_EQ((*answer)->ttl, 30s);
}

TEST_F(ResolverTest, GetsALongListOfServicesOverTcp) {
  std::vector<DnsServer::Service> many;
  for (std::uint16_t i = 0; i < 200; ++i) many.push_back({0, 1, 80, fmt::format("host-{}.example", i)});
  server.add_service("_web._tcp.example", many);
  std::size_t count = 0;
  const auto request = resolver->resolve_srv("_web._tcp.example", [&](const Result<SrvAnswer>& result) {
    count = result ? result->records.size() : 0;
    loop.stop();
  });
  loop.run();

  EXPECT_EQ(count, 200U);
}

TEST_F(ResolverTest, SaysWhatIsWrongWithTheAnswerForAService) {
  const auto ask = [&](const std::string& name) {
    std::string what;
    const auto request = resolver->resolve_srv(name, [&](const Result<SrvAnswer>& result) {
      what = result ? "answered" : result.error().what;
      loop.stop();
    });
    loop.run();
    return what;
  };
  server.add("host.example", {{"192.0.2.1", 60}});
  server.add_service("_off._tcp.example", {{0, 0, 0, ""}});

  EXPECT_EQ(ask("_no._tcp.example"), "service '_no._tcp.example': no such name");
  EXPECT_EQ(ask("host.example"), "service 'host.example': the name has no SRV record");
  EXPECT_THAT(ask("_off._tcp.example"), HasSubstr("not available"));
  EXPECT_THAT(ask(""), HasSubstr("is no service's name"));
  server.set(Mood::malformed);
  EXPECT_THAT(ask("_web._tcp.example"), HasSubstr("service '_web._tcp.example': "));
}

/// Two name servers that differ in what they say, and a resolv.conf that names one of them.
class ResolverConfTest : public ResolverTest {
 protected:
  ResolverConfTest() {
    server.add("host.example", {{"192.0.2.1", 60}});
    other.add("host.example", {{"192.0.2.2", 60}});
    std::filesystem::create_directory(folder);
    write(conf, server);
    resolver.emplace(loop, Resolver::Options{
                               .attempt_timeout = 60s, .resolv_conf = conf, .port = server.address().port()});
  }
  ~ResolverConfTest() override { std::filesystem::remove_all(folder); }
  static void write(const std::filesystem::path& path, const DnsServer& named) {
    std::ofstream{path} << "nameserver " << named.address().host() << "\n";
  }

  DnsServer other{loop, fmt::format("127.0.0.2:{}", server.address().port())};
  std::filesystem::path folder =
      std::filesystem::path{testing::TempDir()} / fmt::format("tcpctl_resolv_{}", ::getpid());
  std::filesystem::path conf = folder / "resolv.conf";
};

TEST_F(ResolverConfTest, IsReadAgainWhenItWasWritten) {
  ASSERT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.1:80"));

  std::ofstream{conf} << "# replaced\nnameserver " << other.address().host() << "\n";

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.2:80"));
}

TEST_F(ResolverConfTest, IsReadAgainWhenAnotherFileTookItsPlace) {
  ASSERT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.1:80"));
  write(folder / "new", other);
  std::filesystem::last_write_time(folder / "new", std::filesystem::last_write_time(conf));

  std::filesystem::rename(folder / "new", conf);

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.2:80")) << "of the same size and time";
}

TEST_F(ResolverConfTest, IsReadAgainWhenALinkPointsElsewhere) {
  write(folder / "first", server);
  write(folder / "second", other);
  std::filesystem::remove(conf);
  std::filesystem::create_symlink(folder / "first", conf);
  ASSERT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.1:80"));

  std::filesystem::create_symlink(folder / "second", folder / "link");
  std::filesystem::rename(folder / "link", conf);

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.2:80"));
}

TEST_F(ResolverConfTest, LooksForAShortNameInEachDomainInBothFamiliesAtOnce) {
  server.add("db.one.example", {{"192.0.2.1", 60}});
  server.add("db.two.example", {{"192.0.2.2", 60}, {"2001:db8::2", 60}});
  server.add("only.two.example", {{"192.0.2.3", 60}});
  std::ofstream{conf, std::ios::app} << "search one.example two.example\n";

  EXPECT_THAT(texts(resolve("db")), ElementsAre("192.0.2.1:80")) << "no address of another host is mixed in";
  EXPECT_THAT(texts(resolve("only")), ElementsAre("192.0.2.3:80"));
  EXPECT_THAT(texts(resolve("none")), ElementsAre("host 'none': no such name"));
  EXPECT_THAT(texts(resolve("db.")), ElementsAre("host 'db.': no such name")) << "it is whole";
}

TEST_F(ResolverConfTest, TakesADomainThatEndsInADotAsThatDomain) {
  server.add("db.one.example", {{"192.0.2.1", 60}});
  server.add("host.example", {{"192.0.2.2", 60}});
  std::ofstream{conf, std::ios::app} << "search one.example. " << std::string(250, 'a') << "\n";
  EXPECT_THAT(texts(resolve("db")), ElementsAre("192.0.2.1:80"));

  std::ofstream{conf, std::ios::app} << "search .\noptions ndots:5\n";

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.2:80"));
  EXPECT_THAT(texts(resolve("none")), ElementsAre("host 'none': no such name"));
}

TEST_F(ResolverConfTest, GoesOnWithTheNextDomainWhereAaaaIsNeverAnswered) {
  server.add("db.two.example", {{"192.0.2.2", 60}});
  server.set(DnsZone::kAaaa, Mood::silent);
  std::ofstream{conf, std::ios::app} << "search one.example two.example\n";
  std::vector<std::string> first;
  const auto request = resolver->resolve("db", 80, [&](const Result<Resolved>& result) {
    first = texts(result);
    loop.stop();
  });
  loop.run();

  EXPECT_THAT(first, ElementsAre("192.0.2.2:80")) << "long before a minute has passed";
}

TEST_F(ResolverConfTest, GoesByTheDotsThatAShortNameMayHave) {
  server.add("a.b.one.example", {{"192.0.2.1", 60}});
  server.add("a.b", {{"192.0.2.2", 60}});
  std::ofstream{conf, std::ios::app} << "search one.example\n";
  EXPECT_THAT(texts(resolve("a.b")), ElementsAre("192.0.2.2:80"));

  std::ofstream{conf, std::ios::app} << "options ndots:2\n";

  EXPECT_THAT(texts(resolve("a.b")), ElementsAre("192.0.2.1:80"));
}

TEST_F(ResolverConfTest, MayComeLater) {
  other.set(Mood::silent);
  std::filesystem::remove(conf);
  const auto before = resolver->resolve("host.example", 80, [](const auto&) {});

  write(conf, server);

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.1:80"));
}

}  // namespace
}  // namespace tcpctl
