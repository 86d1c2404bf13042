// SPDX-License-Identifier: Apache-2.0
#include "upstreams/resolver.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/dns_server.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
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
      loop.stop();
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

TEST_F(ResolverTest, AsksNobodyForALiteral) {
  EXPECT_THAT(texts(resolve("127.0.0.1", 1)), ElementsAre("127.0.0.1:1"));
  EXPECT_THAT(texts(resolve("::1", 65535)), ElementsAre("[::1]:65535"));
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(ResolverTest, KnowsTheHostsFile) {
  EXPECT_THAT(texts(resolve("localhost", 80)), testing::Contains("127.0.0.1:80"));
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

TEST_F(ResolverTest, TakesUpAChangedResolvConf) {
  const auto file = std::filesystem::path{testing::TempDir()} / "tcpctl_resolver_test.conf";
  DnsServer other{loop, fmt::format("127.0.0.2:{}", server.address().port())};
  server.add("host.example", {{"192.0.2.1", 60}});
  other.add("host.example", {{"192.0.2.2", 60}});
  std::ofstream{file} << "nameserver " << server.address().host() << "\n";
  resolver.emplace(
      loop, Resolver::Options{.attempt_timeout = 60s, .resolv_conf = file, .port = server.address().port()});
  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.1:80"));

  std::ofstream{file} << "# replaced\nnameserver " << other.address().host() << "\n";

  EXPECT_THAT(texts(resolve("host.example")), ElementsAre("192.0.2.2:80"));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace tcpctl
