// SPDX-License-Identifier: Apache-2.0
#include "upstreams/names.hpp"

#include <gmock/gmock.h>

#include "support/dns_server.hpp"
#include "support/loop_runner.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Answer = Result<std::vector<Address>>;

class NamesTest : public testing::Test {
 protected:
  static std::vector<std::string> texts(const Answer& answer) {
    std::vector<std::string> all;
    if (!answer) return {"error"};
    for (const auto& address : *answer) all.push_back(address.text());
    return all;
  }
  std::vector<std::string> ask(AddressBook& book) {
    std::optional<Answer> got;
    book.get([&](const Answer& answer) { got = answer; });
    if (!runner.run_until([&] { return got.has_value(); })) return {"no answer"};
    return texts(*got);
  }

  test::LoopRunner runner;
  DnsServer server{runner.loop};
  Resolver resolver{runner.loop,
                    {.servers = {server.address().text()}, .attempt_timeout = 60s, .attempts = 1}};
};

TEST_F(NamesTest, KnowLiteralsAndPathsAtOnce) {
  AddressBook literal{resolver, parse_connect_address("192.0.2.1:80").value()};
  AddressBook path{resolver, parse_connect_address("unix:/run/x.sock").value()};
  bool answered = false;

  literal.get([&](const Answer& answer) {
    EXPECT_THAT(texts(answer), ElementsAre("192.0.2.1:80"));
    answered = true;
  });

  EXPECT_TRUE(answered);
  EXPECT_THAT(ask(path), ElementsAre("unix:/run/x.sock"));
  EXPECT_EQ(server.queries(), 0U);
}

TEST_F(NamesTest, AreLookedUpOnceAndKeptForTheirTtl) {
  server.add("a.example", {{"192.0.2.1", 3600}, {"192.0.2.2", 3600}});
  AddressBook book{resolver, parse_connect_address("a.example:80").value()};
  EXPECT_TRUE(book.known().empty());

  EXPECT_THAT(ask(book), UnorderedElementsAre("192.0.2.1:80", "192.0.2.2:80"));
  const auto queries = server.queries();
  EXPECT_THAT(ask(book), UnorderedElementsAre("192.0.2.1:80", "192.0.2.2:80"));

  EXPECT_EQ(server.queries(), queries);
  EXPECT_EQ(book.known().size(), 2U);
}

TEST_F(NamesTest, AreAskedForOnceByAllWhoWait) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  AddressBook book{resolver, parse_connect_address("a.example:80").value()};
  int answers = 0;
  for (int i = 0; i < 10; ++i) {
    book.get([&](const Answer& answer) {
      EXPECT_TRUE(answer);
      ++answers;
    });
  }

  ASSERT_TRUE(runner.run_until([&] { return answers == 10; }));
  EXPECT_LE(server.queries(), 2U) << "A and AAAA";
}

TEST_F(NamesTest, KeepTheLastAddressesWhileALookUpFails) {
  server.add("a.example", {{"192.0.2.1", 0}});  // kept for a second at least
  AddressBook book{resolver, parse_connect_address("a.example:80").value()};
  ASSERT_THAT(ask(book), ElementsAre("192.0.2.1:80"));
  const auto queries = server.queries();
  server.set(DnsServer::Mood::malformed);

  // Until the second is over and the server is asked again.
  ASSERT_TRUE(runner.run_until([&] {
    runner.turn_once();
    EXPECT_THAT(ask(book), ElementsAre("192.0.2.1:80"));
    return server.queries() > queries;
  }));
  EXPECT_THAT(ask(book), ElementsAre("192.0.2.1:80"));
}

TEST_F(NamesTest, AnswerAnErrorWhereNothingWasEverKnown) {
  AddressBook book{resolver, parse_connect_address("nowhere.example:80").value()};

  EXPECT_THAT(ask(book), ElementsAre("error"));
  EXPECT_THAT(ask(book), ElementsAre("error")) << "and ask again the next time";
  EXPECT_TRUE(book.known().empty());
}

TEST_F(NamesTest, CallNobodyBackOnceTheyAreGone) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  bool called = false;
  {
    AddressBook book{resolver, parse_connect_address("a.example:80").value()};
    book.get([&](const Answer&) { called = true; });
  }
  runner.run_beats(20);

  EXPECT_FALSE(called);
}

TEST_F(NamesTest, MayGoWithinTheAnswerOfOneOfSeveralWhoWait) {
  server.add("a.example", {{"192.0.2.1", 3600}});
  auto book = std::make_unique<AddressBook>(resolver, parse_connect_address("a.example:80").value());
  int answers = 0;
  for (int i = 0; i < 3; ++i) {
    book->get([&](const Answer& answer) {
      EXPECT_THAT(texts(answer), ElementsAre("192.0.2.1:80"));
      ++answers;
      book.reset();
    });
  }

  ASSERT_TRUE(runner.run_until([&] { return answers == 3; }));
}

}  // namespace
}  // namespace tcpctl
