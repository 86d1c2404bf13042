// SPDX-License-Identifier: Apache-2.0
#include "upstreams/srv_answer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/dns_zone.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::DnsZone;
using testing::ElementsAre;
using testing::HasSubstr;

/// The question for the SRV records of `_s._tcp.x`, and where its name begins in a message.
const std::string kQuery = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\2_s\4_tcp\1x\0\0\x21\0\1"s;
constexpr char kName[] = "\xc0\x0c";

Result<SrvAnswer> parse(const std::string& message) { return parse_srv_answer(as_bytes(message)); }

std::vector<std::string> texts(const Result<SrvAnswer>& answer) {
  if (!answer) return {answer.error().what};
  std::vector<std::string> all;
  for (const auto& record : answer->records) {
    all.push_back(fmt::format("{} {} {}:{}", record.priority, record.weight, record.host, record.port));
  }
  return all;
}

/// An answer with one record of a hand-made kind.
std::string with_record(const std::string& fields, const std::string& data) {
  auto message = DnsZone::bare_reply(kQuery, 0);
  message[7] = 1;
  return message + kName + fields + "\0"s + static_cast<char>(data.size()) + data;
}
const std::string kSrvFields = "\0\x21\0\1\0\0\0\x3c"s;

class SrvAnswerTest : public testing::Test {
 protected:
  Result<SrvAnswer> answer(std::vector<DnsZone::Service> services) {
    zone.add_service("_s._tcp.x", std::move(services));
    return parse(zone.reply_to(kQuery));
  }
  DnsZone zone;
};

TEST_F(SrvAnswerTest, TellsHostsByPriorityThenByName) {
  EXPECT_THAT(texts(answer({{20, 5, 7002, "c.x"}, {10, 60, 7001, "b.x"}, {10, 40, 7000, "a.x"}})),
              ElementsAre("10 40 a.x:7000", "10 60 b.x:7001", "20 5 c.x:7002"));
}

TEST_F(SrvAnswerTest, TellsTheSmallestTtlOfAnswerAndAliases) {
  EXPECT_EQ(answer({{0, 0, 1, "a.x", 300}, {0, 0, 1, "b.x", 17}})->ttl, 17s);
  zone.add_alias("_s._tcp.x", {"_t._tcp.x", 5});
  zone.add_service("_t._tcp.x", {{0, 0, 1, "a.x", 300}});
  EXPECT_EQ(parse(zone.reply_to(kQuery))->ttl, 5s);
  EXPECT_EQ(parse(with_record("\0\x21\0\1\x80\0\0\0"s, "\0\0\0\0\0\1\1a\0"s))->ttl, 0s) << "RFC 2181";
}

TEST_F(SrvAnswerTest, WritesHostsInLowerCase) {
  EXPECT_THAT(texts(answer({{0, 0, 80, "Node-1.X"}})), ElementsAre("0 0 node-1.x:80"));
}

TEST_F(SrvAnswerTest, FollowsCompressedNames) {
  EXPECT_THAT(texts(parse(with_record(kSrvFields, "\0\1\0\2\0\x50\1a"s + "\xc0\x14"))),
              ElementsAre("1 2 a.x:80"));
}

TEST_F(SrvAnswerTest, TellsEachHostAndPortOnce) {
  EXPECT_THAT(texts(answer({{10, 1, 80, "a.x"}, {20, 2, 80, "a.x"}, {10, 3, 81, "a.x"}})),
              ElementsAre("10 1 a.x:80", "10 3 a.x:81"));
}

TEST_F(SrvAnswerTest, SaysThatAServiceIsDecidedlyNotAvailable) {
  const auto nowhere = answer({{0, 0, 0, ""}});

  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
  EXPECT_THAT(nowhere.error().what, HasSubstr("not available"));
}

TEST_F(SrvAnswerTest, SaysThatThereIsNoSuchRecord) {
  zone.add("_s._tcp.x", {{"192.0.2.1", 60}});
  EXPECT_THAT(texts(parse(zone.reply_to(kQuery))), ElementsAre("the name has no SRV record"));
}

TEST_F(SrvAnswerTest, LeavesOutWhatNamesNoHostOrPort) {
  EXPECT_THAT(
      texts(answer({{0, 0, 80, "a.x"}, {0, 0, 0, "b.x"}, {0, 0, 80, "c d.x"}, {0, 0, 80, "e\x01.x"}})),
      ElementsAre("0 0 a.x:80"));
  EXPECT_THAT(texts(answer({{0, 0, 0, "b.x"}})), ElementsAre("the SRV records name no host and port"));
}

TEST_F(SrvAnswerTest, KeepsTheBestOfTooManyRecords) {
  std::vector<DnsZone::Service> services;
  for (int i = 999; i >= 0; --i)
    services.push_back({static_cast<std::uint16_t>(i), 0, 80, fmt::format("h{}.x", i)});

  const auto many = answer(std::move(services));

  ASSERT_EQ(many->records.size(), SrvAnswer::kMostRecords);
  EXPECT_EQ(many->records.back().priority, SrvAnswer::kMostRecords - 1);
}

TEST_F(SrvAnswerTest, RefusesAMessageCutAnywhere) {
  zone.add_service("_s._tcp.x", {{1, 2, 80, "a.x"}, {1, 2, 81, "b.x"}});
  const auto whole = zone.reply_to(kQuery);
  ASSERT_TRUE(parse(whole));

  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = parse(whole.substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Errc::io);
  }
}

TEST_F(SrvAnswerTest, RefusesNamesThatLeadInCircles) {
  for (const std::string& name : {"\xc0\x26"s, "\xc0\x2c"s, "\1a\xc0\x2c"s, "\xff\xff"s, "\x80"s}) {
    EXPECT_FALSE(parse(with_record(kSrvFields, "\0\1\0\2\0\x50"s + name)));
  }
}

TEST_F(SrvAnswerTest, RefusesARecordWhoseLengthIsNotThatOfItsData) {
  EXPECT_FALSE(parse(with_record(kSrvFields, "\0\1\0\2\0\x50\1a\0x"s)));
  EXPECT_FALSE(parse(with_record(kSrvFields, "\0\1\0\2"s)));
}

TEST_F(SrvAnswerTest, RefusesAQuestion) { EXPECT_FALSE(parse(kQuery)); }

}  // namespace
}  // namespace tcpctl
