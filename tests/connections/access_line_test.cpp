// SPDX-License-Identifier: Apache-2.0
#include "connections/access_line.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"

namespace tcpctl {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime kOpened{std::chrono::seconds{1'000'000'000}};

AccessLine line(AccessLine::Kind kind) {
  AccessLine made{kind, {}};
  Facts& facts = made.entry.facts;
  facts.id = make_id(1, 17);
  facts.owner = test::make_owner(Owner::Kind::listener, "forward");
  facts.remote = *parse_ip_port("10.0.0.7:51344");
  made.entry.local = *parse_ip_port("10.0.0.1:8080");
  facts.opened = now();
  facts.opened_wall = kOpened;
  facts.bytes_in = 4;
  facts.bytes_out = 9;
  facts.close.first = First::remote;
  facts.close.how = How::fin;
  facts.close.reason = Reason::peer_fin;
  facts.close.at = facts.opened + std::chrono::microseconds{1'500'250};
  return made;
}

std::string text_of(const AccessLine& line) {
  const auto fields = access_fields(line);
  return log::text_line(access_record(line, fields), log::Head::timed);
}
std::string json_of(const AccessLine& line) {
  const auto fields = access_fields(line);
  return log::json_line(access_record(line, fields), log::Head::timed);
}

TEST(AccessLine, ToldOfAStartItNamesTheEndsAndThoseThatHaveIt) {
  AccessLine start = line(AccessLine::Kind::start);
  start.entry.facts.peer_id = make_id(1, 18);
  start.entry.facts.upstream = std::make_shared<const std::string>("u1");
  start.entry.facts.proxied = Proxied{*parse_ip_port("192.0.2.1:1"), *parse_ip_port("192.0.2.2:2"), ""};

  EXPECT_EQ(
      text_of(start),
      "time=2001-09-09T01:46:40.000000Z level=info event=access.start connection=2-17 direction=inbound "
      "listener=mine service=forward peer_id=2-18 local=10.0.0.1:8080 remote=10.0.0.7:51344 "
      "proxied_source=192.0.2.1:1 upstream=u1\n");
}

TEST(AccessLine, ToldOfAnEndItSaysAtThatMomentHowItWas) {
  AccessLine end = line(AccessLine::Kind::end);
  end.entry.tcp = TcpRow{};
  end.entry.tcp->rtt_us = 431;
  end.entry.tcp->retransmits = 2;
  end.entry.facts.close.detail = "gave way to others";

  EXPECT_EQ(
      text_of(end),
      "time=2001-09-09T01:46:41.500250Z level=info event=access.end connection=2-17 direction=inbound "
      "listener=mine service=forward local=10.0.0.1:8080 remote=10.0.0.7:51344 first=remote how=fin "
      "reason=peer_fin phase=data code=-- detail=\"gave way to others\" duration_ms=1500.250 bytes_in=4 "
      "bytes_out=9 rtt_us=431 retransmits_total=2 state=CLOSED\n");
}

TEST(AccessLine, InJsonHasEveryMemberAndNullForWhatIsNotKnown) {
  AccessLine end = line(AccessLine::Kind::end);
  end.entry.tcp = TcpRow{};  // a round trip of 0 is none

  EXPECT_EQ(
      json_of(end),
      R"({"time":"2001-09-09T01:46:41.500250Z","level":"info","event":"access.end","connection":"2-17",)"
      R"("direction":"inbound","listener":"mine","client":null,"service":"forward","peer_id":null,)"
      R"("local":"10.0.0.1:8080","remote":"10.0.0.7:51344","proxied_source":null,"upstream":null,)"
      R"("first":"remote","how":"fin","reason":"peer_fin","phase":"data","code":"--","detail":null,)"
      R"("duration_ms":1500.250,"bytes_in":4,"bytes_out":9,"rtt_us":null,"retransmits_total":0,)"
      R"("state":"CLOSED"})"
      "\n");
}

TEST(AccessLine, OfAClientNamesTheClient) {
  AccessLine start = line(AccessLine::Kind::start);
  start.entry.facts.owner = test::make_owner(Owner::Kind::client, "keep");
  start.entry.facts.direction = Direction::outbound;

  EXPECT_THAT(text_of(start), HasSubstr(" direction=outbound client=mine service=keep "));
}

TEST(AccessLine, StaysOneLineWhateverBytesAreInIt) {
  AccessLine end = line(AccessLine::Kind::end);
  end.entry.facts.remote = Address::unix_path("/tmp/a\nevent=access.end \"x\"\xff");
  end.entry.facts.close.detail = std::string_view{"a\0b\r\ntime=forged \xff\x1b[31m", 23};

  EXPECT_THAT(text_of(end), HasSubstr(R"(remote="unix:/tmp/a\nevent=access.end \"x\"\xff")"));
  EXPECT_THAT(text_of(end), HasSubstr(R"(detail="a\x00b\r\ntime=forged \xff\x1b[31m")"));
  EXPECT_THAT(json_of(end),
              HasSubstr("\"detail\":\"a\\u0000b\\u000d\\u000atime=forged \xef\xbf\xbd\\u001b[31m\""));
  for (const auto& written : {text_of(end), json_of(end)}) {
    EXPECT_THAT(written, EndsWith("\n"));
    EXPECT_THAT(written.substr(0, written.size() - 1), Not(HasSubstr("\n")));
  }
}

TEST(AccessLine, CutsWhatIsTooLong) {
  AccessLine end = line(AccessLine::Kind::end);
  end.entry.facts.close.detail = std::string(10'000, 'x');

  EXPECT_LT(text_of(end).size(), 3000U);
  EXPECT_THAT(text_of(end), HasSubstr("x... duration_ms="));
}

TEST(AccessLine, GivesTheJournalItsFieldsUnderTheNameOfTheDaemon) {
  const AccessLine end = line(AccessLine::Kind::end);
  const auto fields = access_fields(end);

  const auto entries = log::journal_fields(access_record(end, fields), log::Format::text, "TCPCTL_");

  EXPECT_THAT(entries, testing::IsSupersetOf({"PRIORITY=6", "EVENT=access.end", "TCPCTL_CONNECTION=2-17",
                                              "TCPCTL_LISTENER=mine", "TCPCTL_REASON=peer_fin",
                                              "TCPCTL_DURATION_MS=1500.250", "TCPCTL_BYTES_IN=4"}));
  EXPECT_THAT(entries, Not(testing::Contains(testing::StartsWith("TCPCTL_CLIENT="))));
}

}  // namespace
}  // namespace tcpctl
