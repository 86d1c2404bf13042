// SPDX-License-Identifier: Apache-2.0
// `tcpctl connect` as a whole, where it does not come to a conversation; see conversation_test.cpp for that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/json.hpp"
#include "loopback.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Connect, IsRefusedWithItsFactsAndOneLineThatSaysSo) {
  const Server refusing{"127.0.0.1", false};
  const auto where = refusing.address().text();

  const auto ran = tcpctl({"connect", where});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, StartsWith(where + ": Connection refused after "));
  EXPECT_THAT(ran.err, HasSubstr("\ntcpctl: cannot connect to " + where +
                                 ": Connection refused; does anybody listen there?\n"));
}

TEST(Connect, LeavesTheFactsOutWhereTheyAreNotWanted) {
  const Server refusing{"127.0.0.1", false};
  const auto where = refusing.address().text();

  EXPECT_THAT(tcpctl({"connect", "-q", where}).err, StartsWith("tcpctl: cannot connect to "));
}

TEST(Connect, TellsItsFactsAsJson) {
  const Server refusing{"127.0.0.1", false};

  const auto ran = tcpctl({"connect", "-o", "json", refusing.address().text()});

  const auto facts = Json::parse(ran.err.substr(0, ran.err.find('\n')));
  ASSERT_TRUE(facts) << ran.err;
  EXPECT_EQ(facts->text("close.reason"), "connect_refused");
  EXPECT_EQ(facts->text("close.first"), "remote");
  EXPECT_EQ(facts->text("close.phase"), "connect");
  EXPECT_EQ(facts->items("timeline").size(), 3U);
  EXPECT_EQ(facts->items("attempts").front().text("error"), "Connection refused");
  EXPECT_TRUE(facts->at("local").is_null());
  EXPECT_TRUE(facts->at("tcp").is_null());
}

TEST(Connect, SaysWhatIsWrongWithTheCommandLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes{
      {{"connect"}, "HOST:PORT is missing"},
      {{"connect", "localhost"}, "write 'localhost:PORT'"},
      {{"connect", "localhost", "80"}, "'80' is one word too many"},
      {{"connect", "localhost:0"}, "port 0"},
      {{"connect", "-4", "-6", "localhost:80"}, "-4 and -6 exclude each other"},
      {{"connect", "-6", "127.0.0.1:80"}, "leave -6 out"},
      {{"connect", "--crlf", "-x", "localhost:80"}, "--crlf and --hex exclude each other"},
      {{"connect", "--timeout", "5", "localhost:80"}, "write '5s'"},
      {{"connect", "--timeout", "0s", "localhost:80"}, "--timeout: '0s' is not 1ms .. 1h"},
      {{"connect", "--source", "eth0", "localhost:80"}, "--source: 'eth0' is no IP address"},
      {{"connect", "--source", "::1", "-4", "localhost:80"}, "not of the family that -4 wants"},
      {{"connect", "-o", "csv", "localhost:80"}, "-o json"},
      {{"connect", "--crfl", "localhost:80"}, "did you mean '--crlf'?"}};
  for (const auto& [words, what] : mistakes) {
    const auto ran = tcpctl(words);
    EXPECT_EQ(ran.exit, Exit::usage) << what;
    EXPECT_THAT(ran.err, HasSubstr(what));
  }
}

TEST(Connect, KnowsAnAddressThatIsNotThisHosts) {
  const auto ran = tcpctl({"connect", "-q", "--source", "192.0.2.1", "127.0.0.1:9"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr("--source 192.0.2.1 is no address of this host"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
