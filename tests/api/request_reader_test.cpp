// SPDX-License-Identifier: Apache-2.0
#include "api/request_reader.hpp"

#include <gtest/gtest.h>

namespace tcpctl::api {
namespace {

using State = RequestReader::State;

/// The status with which `bytes` are refused; 0 if they are not.
int refusal(const std::string& bytes) {
  RequestReader reader;
  reader.feed(bytes);
  return reader.state() == State::refused ? reader.refusal().status : 0;
}

std::string with_headers(const std::string& lines) { return "GET /v1/status HTTP/1.1\r\n" + lines + "\r\n"; }

TEST(RequestReader, TakesARequestApart) {
  RequestReader reader;

  reader.feed("POST /v1/x?y=1 HTTP/1.1\r\nHost: localhost\r\nX-Some:  a b\t\r\ncontent-length: 3\r\n\r\nabc");
  ASSERT_EQ(reader.state(), State::ready);
  const auto request = reader.take();

  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/x?y=1");
  EXPECT_EQ(request.header("host"), "localhost");
  EXPECT_EQ(request.header("x-some"), "a b");
  EXPECT_EQ(request.header("x-other"), std::nullopt);
  EXPECT_EQ(request.body, "abc");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(reader.state(), State::idle);
}

TEST(RequestReader, ReadsTheSameWhereverTheStreamIsCut) {
  const std::string stream =
      "\r\nPUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n{\r\n}GET /b HTTP/1.0\r\nHost: "
      "h\r\n\r\n";

  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    RequestReader reader;
    std::vector<HttpRequest> requests;
    for (const auto& part : {stream.substr(0, cut), stream.substr(cut)}) {
      reader.feed(part);
      while (reader.state() == State::ready) requests.push_back(reader.take());
    }

    ASSERT_EQ(requests.size(), 2U) << cut;
    EXPECT_EQ(requests[0].body, "{\r\n}");
    EXPECT_EQ(requests[1].target, "/b");
    EXPECT_FALSE(requests[1].keep_alive);
    EXPECT_EQ(reader.state(), State::idle);
  }
}

TEST(RequestReader, ReadsOneByteAtATime) {
  RequestReader reader;

  for (const char c : std::string{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
    EXPECT_NE(reader.state(), State::ready);
    reader.feed({&c, 1});
  }

  EXPECT_EQ(reader.state(), State::ready);
}

TEST(RequestReader, TakesASlashInAQuery) {
  RequestReader reader;

  reader.feed("GET /v1/connections?peer=10.0.0.0%2F8 HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(reader.state(), State::ready);
}

TEST(RequestReader, KeepsPipelinedRequestsInTheirOrder) {
  RequestReader reader;

  reader.feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3");

  EXPECT_EQ(reader.take().target, "/1");
  EXPECT_EQ(reader.state(), State::ready);
  EXPECT_EQ(reader.take().target, "/2");
  EXPECT_EQ(reader.state(), State::partial);
}

TEST(RequestReader, EndsKeepAliveWhereTheClientAsks) {
  const auto keeps = [](const std::string& version, const std::string& header) {
    RequestReader reader;
    reader.feed("GET / " + version + "\r\nHost: h\r\n" + header + "\r\n");
    return reader.take().keep_alive;
  };

  EXPECT_TRUE(keeps("HTTP/1.1", ""));
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", ""));
  EXPECT_TRUE(keeps("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST(RequestReader, DecodesNothingInHeaderValues) {
  RequestReader reader;

  reader.feed(
      with_headers("Host: localhost\r\nAuthorization: Bearer a%0d%0ab%41\r\nREMOTE_ADDR: 6.6.6.6\r\n"));

  EXPECT_EQ(reader.take().header("authorization"), "Bearer a%0d%0ab%41");
}

struct Hostile {
  const char* name;
  std::string bytes;
  int status;
};

std::string case_name(const testing::TestParamInfo<Hostile>& tested) { return tested.param.name; }

class RequestReaderHostile : public testing::TestWithParam<Hostile> {};

TEST_P(RequestReaderHostile, IsRefused) { EXPECT_EQ(refusal(GetParam().bytes), GetParam().status); }

TEST_P(RequestReaderHostile, IsRefusedAsWellByteByByte) {
  RequestReader reader;
  for (const char c : GetParam().bytes) reader.feed({&c, 1});

  ASSERT_EQ(reader.state(), State::refused);
  EXPECT_EQ(reader.refusal().status, GetParam().status);
  EXPECT_EQ(reader.held(), 0U);
}

const std::string kHost = "Host: localhost\r\n";

INSTANTIATE_TEST_SUITE_P(
    RequestReaderSmuggling, RequestReaderHostile,
    testing::Values(
        Hostile{"NoHost", with_headers("X: y\r\n"), 400},
        Hostile{"TwoHosts", with_headers(kHost + kHost), 400},
        Hostile{"TwoHostsInOtherCase", with_headers(kHost + "hOST: other\r\n"), 400},
        Hostile{"Chunked", with_headers(kHost + "Transfer-Encoding: chunked\r\n"), 501},
        Hostile{"ChunkedAndLength",
                with_headers(kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 501},
        Hostile{"ChunkedInDisguise", with_headers(kHost + "Transfer-Encoding: \tchunked, identity\r\n"), 501},
        Hostile{"TwoLengths", with_headers(kHost + "Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
        Hostile{"LengthList", with_headers(kHost + "Content-Length: 3, 3\r\n"), 400},
        Hostile{"LengthSigned", with_headers(kHost + "Content-Length: +3\r\n"), 400},
        Hostile{"LengthNegative", with_headers(kHost + "Content-Length: -1\r\n"), 400},
        Hostile{"LengthHex", with_headers(kHost + "Content-Length: 0x3\r\n"), 400},
        Hostile{"LengthWord", with_headers(kHost + "Content-Length: abc\r\n"), 400},
        Hostile{"LengthEmpty", with_headers(kHost + "Content-Length:\r\n"), 400},
        Hostile{"LengthOverflow", with_headers(kHost + "Content-Length: 99999999999999999999\r\n"), 413},
        Hostile{"LengthAboveLimit", with_headers(kHost + "Content-Length: 1048577\r\n"), 413},
        Hostile{"BlankBeforeColon", with_headers(kHost + "Content-Length : 3\r\n"), 400},
        Hostile{"Folded", with_headers(kHost + "X: a\r\n b\r\n"), 400},
        Hostile{"FoldedFirst", with_headers(" X: a\r\n" + kHost), 400},
        Hostile{"NoColon", with_headers(kHost + "X\r\n"), 400},
        Hostile{"EmptyName", with_headers(kHost + ": x\r\n"), 400},
        Hostile{"BareLineFeed", with_headers(kHost + "X: a\nContent-Length: 3\r\n"), 400},
        Hostile{"BareReturn", with_headers(kHost + "X: a\rContent-Length: 3\r\n"), 400},
        Hostile{"NulInValue", with_headers(kHost + std::string("X: a\0b\r\n", 8)), 400},
        Hostile{"NulInName", with_headers(kHost + std::string("X\0: ab\r\n", 8)), 400},
        Hostile{"Gzip", with_headers(kHost + "Content-Encoding: gzip\r\n"), 415},
        Hostile{"Expect", with_headers(kHost + "Expect: 100-continue\r\n"), 417},
        Hostile{"Range", with_headers(kHost + "Range: bytes=0-,0-\r\n"), 416},
        Hostile{"AbsoluteForm", "GET http://localhost/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"Asterisk", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"NoTarget", "GET HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"TwoTargets", "GET /a /b HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"Fragment", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"ControlInTarget", "GET /a\x01 HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"HighByteInTarget", "GET /\xc3\xa4 HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"TabInRequestLine", "GET\t/a HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"SlashInName", "GET /v1/listeners%2Fweb HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"SlashInNameInLowerCase", "GET /v1/listeners%2fweb HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"PercentU", "GET /v1/listeners/%u0077eb HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"PercentWithoutDigits", "GET /v1/listeners/web?x=%zz HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"PercentCutShort", "GET /v1/listeners/web%6 HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Hostile{"LowerCaseMethod", "get / HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Hostile{"UnknownMethod", "FROB / HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Hostile{"Connect", "CONNECT /x HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Hostile{"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505}, Hostile{"Http09", "GET /\r\n\r\n", 400},
        Hostile{"OtherVersion", "GET / HTTP/1.2\r\n" + kHost + "\r\n", 505},
        Hostile{"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    RequestReaderTooMuch, RequestReaderHostile,
    testing::Values(Hostile{"LongTarget", "GET /" + std::string(2048, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n",
                            414},
                    Hostile{"EndlessTarget", "GET /" + std::string(5000, 'a'), 414},
                    Hostile{"EndlessHeader", "GET / HTTP/1.1\r\nX: " + std::string(20000, 'a'), 431},
                    Hostile{"ManyHeaders",
                            [] {
                              std::string lines = kHost;
                              for (int i = 0; i < 64; ++i) lines += "X: y\r\n";
                              return with_headers(lines);
                            }(),
                            431}),
    case_name);

TEST(RequestReader, TakesNothingMoreOnceItRefused) {
  RequestReader reader;
  reader.feed("NONSENSE\r\n\r\n");

  reader.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(reader.state(), State::refused);
  EXPECT_EQ(reader.held(), 0U);
}

TEST(RequestReader, TakesWhatIsJustWithinTheLimits) {
  RequestReader reader;
  const std::string target = "/" + std::string(2047, 'a');
  const std::string body(1024 * 1024, 'x');

  reader.feed("PUT " + target + " HTTP/1.1\r\n" + kHost + "Content-Length: 1048576\r\n\r\n");
  reader.feed(body);

  ASSERT_EQ(reader.state(), State::ready);
  EXPECT_EQ(reader.take().body.size(), body.size());
}

}  // namespace
}  // namespace tcpctl::api
