// SPDX-License-Identifier: Apache-2.0
#include "ctl/filter_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcpctl::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

FilterValues parsed(const std::vector<std::string>& words) {
  const auto values = parse_filter_words(words);
  return values ? *values : FilterValues{{"refused", values.error().line}};
}

std::string mistake(const std::vector<std::string>& words) {
  const auto values = parse_filter_words(words);
  return values ? "taken" : values.error().line;
}

TEST(FilterWords, ReadWhatSsUsersWrite) {
  EXPECT_THAT(parsed({"state", "ESTABLISHED", "listener", "web", "rtt>50ms", "src", "10.0.0.0/8"}),
              ElementsAre(Pair("listener", "web"), Pair("local", "10.0.0.0/8"), Pair("state", "ESTABLISHED"),
                          Pair("where", "rtt>50ms")));
  EXPECT_THAT(parsed({"sport", "=", ":443"}), ElementsAre(Pair("where", "local_port=443")));
  EXPECT_THAT(parsed({"dport", ":443"}), ElementsAre(Pair("where", "peer_port=443")));
  EXPECT_THAT(parsed({"dport", "443"}), ElementsAre(Pair("where", "peer_port=443")));
  EXPECT_THAT(parsed({"sport", "gt", ":1024"}), ElementsAre(Pair("where", "local_port>1024")));
  EXPECT_THAT(parsed({"sport>=:1024"}), ElementsAre(Pair("where", "local_port>=1024")));
  EXPECT_THAT(parsed({"inbound", "and", "older-than", "5m"}),
              ElementsAre(Pair("direction", "inbound"), Pair("older_than", "5m")));
}

TEST(FilterWords, TakeAnAddressWithOrWithoutAPort) {
  EXPECT_THAT(parsed({"dst", "10.0.0.7"}), ElementsAre(Pair("peer", "10.0.0.7")));
  EXPECT_THAT(parsed({"dst", "10.0.0.7:443"}),
              ElementsAre(Pair("peer", "10.0.0.7"), Pair("where", "peer_port=443")));
  EXPECT_THAT(parsed({"src", ":8080"}), ElementsAre(Pair("where", "local_port=8080")));
  EXPECT_THAT(parsed({"src", "2001:db8::1"}), ElementsAre(Pair("local", "2001:db8::1")));
  EXPECT_THAT(parsed({"src", "[2001:db8::1]:80"}),
              ElementsAre(Pair("local", "2001:db8::1"), Pair("where", "local_port=80")));
  EXPECT_THAT(parsed({"src", "[2001:db8::]/32"}), ElementsAre(Pair("local", "2001:db8::/32")));
  EXPECT_THAT(parsed({"src", "*:80"}), ElementsAre(Pair("where", "local_port=80")));
}

TEST(FilterWords, TakeAComparisonHoweverItIsApart) {
  EXPECT_THAT(parsed({"rtt", ">", "50ms"}), ElementsAre(Pair("where", "rtt>50ms")));
  EXPECT_THAT(parsed({"rtt", ">50ms"}), ElementsAre(Pair("where", "rtt>50ms")));
  EXPECT_THAT(parsed({"rtt>", "50ms"}), ElementsAre(Pair("where", "rtt>50ms")));
  EXPECT_THAT(parsed({"rtt", "ge", "50ms", "lost>0"}), ElementsAre(Pair("where", "rtt>=50ms,lost>0")));
  EXPECT_THAT(parsed({"state=ESTAB"}), ElementsAre(Pair("state", "ESTAB")));
}

TEST(FilterWords, SayWhatIsWrong) {
  EXPECT_EQ(mistake({"stat", "ESTAB"}), "'stat' is no filter; did you mean 'state'?");
  EXPECT_EQ(mistake({"xyzzy"}), "'xyzzy' is no filter; write state, listener, src, dst ... or 'rtt>50ms'");
  EXPECT_EQ(mistake({"listener", "a", "or", "listener", "b"}),
            "'or' is not possible here: all that is named must hold");
  EXPECT_EQ(mistake({"listener", "a", "listener", "b"}),
            "'listener' is there twice, and one connection cannot be both");
  EXPECT_EQ(mistake({"state"}), "'state' needs a value behind it");
  EXPECT_EQ(mistake({"rtt>"}), "'rtt>' needs a value behind it");
  EXPECT_EQ(mistake({"state>x"}), "'state>x': write 'state VALUE'");
  EXPECT_EQ(mistake({"sport"}), "'sport' needs a value behind it");
  EXPECT_EQ(mistake({"\x1b[2Jx"}),
            "'\\x1b[2Jx' is no filter; write state, listener, src, dst ... or 'rtt>50ms'");
}

}  // namespace
}  // namespace tcpctl::ctl
