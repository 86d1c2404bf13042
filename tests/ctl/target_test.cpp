// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> texts(const std::vector<Address>& addresses) {
  std::vector<std::string> all;
  for (const auto& each : addresses) all.push_back(each.text());
  return all;
}

Failure refusal(const std::string& text, int family = AF_UNSPEC) {
  const auto target = find_target(text, family);
  return target ? Failure{Exit::done, "none"} : target.error();
}

TEST(Target, IsALiteralAddressWithoutALookUp) {
  const auto target = find_target("[2001:db8::1]:80", AF_UNSPEC);

  ASSERT_TRUE(target);
  EXPECT_FALSE(target->is_name);
  EXPECT_THAT(texts(target->addresses), ElementsAre("[2001:db8::1]:80"));
}

TEST(Target, IsANameWithTheAddressesOfTheWantedFamily) {
  const auto target = find_target("localhost:7000", AF_INET);

  ASSERT_TRUE(target) << target.error().line;
  EXPECT_TRUE(target->is_name);
  EXPECT_THAT(texts(target->addresses), ElementsAre("127.0.0.1:7000"));
}

TEST(Target, SaysHowItIsWritten) {
  for (const auto* text : {"localhost", "localhost:", "localhost:0", "127.0.0.1:0", "localhost:65536", ":80",
                           "", "::1:80", "[::1]", "a b:80", "unix:/run/x.sock", "srv:_web._tcp.example"}) {
    EXPECT_EQ(refusal(text).exit, Exit::usage) << text;
  }
  EXPECT_THAT(refusal("localhost").line, HasSubstr("port missing, write 'localhost:PORT'"));
  EXPECT_THAT(refusal("unix:/run/x.sock").line, HasSubstr("HOST:PORT"));
}

TEST(Target, KnowsThatALiteralHasOneFamily) {
  EXPECT_THAT(refusal("127.0.0.1:80", AF_INET6).line, HasSubstr("'127.0.0.1:80' is IPv4; leave -6 out"));
  EXPECT_THAT(refusal("[::1]:80", AF_INET).line, HasSubstr("leave -4 out"));
}

TEST(Target, TakesTheFamiliesInTurn) {
  std::vector<Address> addresses;
  for (const auto* text : {"[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"})
    addresses.push_back(*parse_ip_port(text));

  EXPECT_THAT(texts(in_turn(addresses)),
              ElementsAre("[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"));
}

TEST(TargetSource, IsAnAddressOfAnyFamily) {
  EXPECT_EQ(parse_source("127.0.0.2")->text(), "127.0.0.2:0");
  EXPECT_EQ(parse_source("::1")->text(), "[::1]:0");
  EXPECT_EQ(parse_source("[::1]")->text(), "[::1]:0");
  for (const auto* text : {"", "localhost", "127.0.0.1:80", "[::1]:80", "300.1.1.1"})
    EXPECT_FALSE(parse_source(text)) << text;
}

}  // namespace
}  // namespace tcpctl::ctl::test
