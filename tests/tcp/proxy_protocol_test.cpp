// SPDX-License-Identifier: Apache-2.0
#include "tcp/proxy_protocol.hpp"

#include <string>

#include <gmock/gmock.h>

namespace tcpctl::tcp {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

constexpr std::size_t kMost = 4096;
const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

Address ip(std::string_view text) { return parse_ip_port(text).value(); }

/// A v2 header: version and command, family and transport, and what follows, with its length in front.
std::string v2(char command, char family, const std::string& block) {
  return kSignature + command + family + static_cast<char>(block.size() >> 8) +
         static_cast<char>(block.size() & 0xFF) + block;
}
std::string tlv(char type, const std::string& value) {
  return ""s + type + static_cast<char>(value.size() >> 8) + static_cast<char>(value.size() & 0xFF) + value;
}
const std::string kEnds4 =
    "\xc0\0\x02\x01\xc6\x33\x64\x02\x1f\x90\0\x50"s;  // 192.0.2.1:8080 to 198.51.100.2:80

/// What is read of a whole header, having seen that each cut of it asks for more and that what follows is not
/// its own.
ProxyHeader read(const std::string& header, std::size_t most = kMost) {
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    const auto part = parse_proxy_header(as_bytes(header).first(cut), most);
    if (!part) {
      ADD_FAILURE() << "refused after " << cut << " bytes: " << part.error().what;
      return {};
    }
    EXPECT_FALSE(*part) << "whole after " << cut << " of " << header.size() << " bytes";
  }
  for (const std::string data : {"", "data", "\r\n", "\xff\xff\xff"}) {
    const auto whole = parse_proxy_header(as_bytes(header + data), most);
    if (!whole || !*whole) {
      ADD_FAILURE() << (whole ? "wants more" : whole.error().what);
      return {};
    }
    EXPECT_EQ((*whole)->size, header.size());
  }
  return (*parse_proxy_header(as_bytes(header), most))->header;
}

struct Refusal {
  std::size_t after;  // bytes
  std::string what;
};
/// The first cut of `bytes` that is refused; each longer one is, too.
Refusal refusal(const std::string& bytes, std::size_t most = kMost) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto part = parse_proxy_header(as_bytes(bytes).first(cut), most);
    if (part) {
      EXPECT_FALSE(*part) << "taken after " << cut << " bytes";
      continue;
    }
    for (std::size_t more = cut; more <= bytes.size(); ++more)
      EXPECT_FALSE(parse_proxy_header(as_bytes(bytes).first(more), most)) << "taken back after " << more;
    return {cut, part.error().what};
  }
  return {bytes.size() + 1, "not refused"};
}

bool has_no_addresses(const ProxyHeader& header) {
  return header.source == Address{} && header.destination == Address{};
}

TEST(ProxyProtocol, ReadsTheLineOfAnIpv4Connection) {
  const auto header = read("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");

  EXPECT_EQ(header.source, ip("192.168.0.1:56324"));
  EXPECT_EQ(header.destination, ip("192.168.0.11:443"));
  EXPECT_FALSE(header.is_local);
}

TEST(ProxyProtocol, ReadsTheLongestLines) {
  EXPECT_EQ(read("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n").source,
            ip("255.255.255.255:65535"));
  const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const auto header = read("PROXY TCP6 " + longest + " " + longest + " 65535 0\r\n");
  EXPECT_EQ(header.source, ip("[" + longest + "]:65535"));
  EXPECT_EQ(header.destination, ip("[" + longest + "]:0"));
  const std::string unknown = "PROXY UNKNOWN " + longest + " " + longest + " 65535 65535\r\n";
  ASSERT_EQ(unknown.size(), kProxyLineBytes);
  EXPECT_TRUE(has_no_addresses(read(unknown)));
}

TEST(ProxyProtocol, TakesUnknownWithAnythingUpToTheEndOfTheLine) {
  EXPECT_TRUE(has_no_addresses(read("PROXY UNKNOWN\r\n")));
  EXPECT_TRUE(has_no_addresses(read("PROXY UNKNOWN \xff\n\r  what ever\r\n")));
}

TEST(ProxyProtocol, RefusesALineAtTheFirstByteThatCannotBeRight) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n").after, 1U);
  EXPECT_THAT(refusal("PROXX").what, HasSubstr("neither a v1 nor a v2 header: it begins with 'PROXX'"));
  EXPECT_EQ(refusal("PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n").after, 10U);
  EXPECT_EQ(refusal("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n").after, 7U);
  EXPECT_EQ(refusal("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\ndata").after, 31U);
  EXPECT_EQ(refusal("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rdata").after, 32U);
  EXPECT_EQ(refusal("PROXY UNKNOWNS\r\n").after, 16U);
}

TEST(ProxyProtocol, RefusesALineThatDoesNotEndInTime) {
  const auto refused = refusal("PROXY UNKNOWN " + std::string(200, 'x'));

  EXPECT_EQ(refused.after, kProxyLineBytes);
  EXPECT_EQ(refused.what, "v1: no CRLF in the first 107 bytes");
  EXPECT_EQ(refusal("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n").after, kProxyLineBytes);
  EXPECT_EQ(refusal("PROXY TCP4 " + std::string(96, '1') + "\r\n").after, kProxyLineBytes);
}

TEST(ProxyProtocol, RefusesFieldsThatAreNotAsTheProtocolWritesThem) {
  const auto line = [](const std::string& fields) { return refusal("PROXY " + fields + "\r\n").what; };
  EXPECT_EQ(line("TCP4 1.1.1.1  2.2.2.2 1 2"), "v1: exactly one blank stands between the fields");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 1"), "v1: expected 'SOURCE DESTINATION SPORT DPORT'");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 1 2 3"), "v1: expected 'SOURCE DESTINATION SPORT DPORT'");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 1 2 "), "v1: expected 'SOURCE DESTINATION SPORT DPORT'");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 080 2"), "v1: port '080' has a leading zero");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 1 65536"), "v1: port '65536' is above 65535");
  EXPECT_EQ(line("TCP4 1.1.1.1 2.2.2.2 +1 2"), "v1: port '+1' is no number from 0 to 65535");
  EXPECT_EQ(line("TCP4 01.1.1.1 2.2.2.2 1 2"), "v1: '01.1.1.1' is no IPv4 address");
  EXPECT_EQ(line("TCP4 ::1 2.2.2.2 1 2"), "v1: '::1' is no IPv4 address");
  EXPECT_EQ(line("TCP6 ::1 2.2.2.2 1 2"), "v1: '2.2.2.2' is no IPv6 address");
  EXPECT_EQ(line("TCP6 fe80::1%lo ::1 1 2"), "v1: 'fe80::1%lo' is no IPv6 address");
  EXPECT_EQ(line("TCP4 1.1.1.1\0x 2.2.2.2 1 2"s), "v1: '1.1.1.1\\x00x' is no IPv4 address");
}

TEST(ProxyProtocol, ReadsTheAddressesOfEachFamily) {
  const auto v4 = read(v2(0x21, 0x11, kEnds4));
  EXPECT_EQ(v4.source, ip("192.0.2.1:8080"));
  EXPECT_EQ(v4.destination, ip("198.51.100.2:80"));

  const std::string host6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0');
  const auto v6 = read(v2(0x21, 0x21, host6 + '\1' + host6 + '\2' + "\x1f\x90\0\x50"s));
  EXPECT_EQ(v6.source, ip("[2001:db8::1]:8080"));
  EXPECT_EQ(v6.destination, ip("[2001:db8::2]:80"));
}

TEST(ProxyProtocol, ReadsUnixPathsOfAnyLength) {
  const auto field = [](std::string path) {
    path.resize(108, '\0');
    return path;
  };
  const std::string full(108, 'p');
  const auto header = read(v2(0x21, 0x31, field("/run/client") + full));
  EXPECT_EQ(header.source.text(), "unix:/run/client");
  EXPECT_EQ(header.destination.text(), "unix:" + full);

  const auto odd = read(v2(0x21, 0x31, field("\0name"s) + field("")));
  EXPECT_EQ(odd.source.text(), "unix:@name");
  EXPECT_EQ(odd.destination.text(), "unix:");
}

TEST(ProxyProtocol, SkipsTheBlockOfALocalConnectionByItsLength) {
  EXPECT_TRUE(read(v2(0x20, 0, "")).is_local);
  EXPECT_TRUE(read(v2(0x20, '\xff', std::string(300, '\xff'))).is_local) << "whatever stands there";
}

TEST(ProxyProtocol, KeepsTheRealAddressesWhereNoneOfAStreamAreGiven) {
  EXPECT_TRUE(has_no_addresses(read(v2(0x21, 0x00, ""))));
  EXPECT_TRUE(has_no_addresses(read(v2(0x21, 0x00, std::string(50, '\xff')))));
  EXPECT_TRUE(has_no_addresses(read(v2(0x21, 0x10, kEnds4))));
  EXPECT_TRUE(has_no_addresses(read(v2(0x21, 0x30, ""))));
  EXPECT_TRUE(has_no_addresses(read(v2(0x21, 0x12, kEnds4)))) << "datagrams";
  EXPECT_EQ(read(v2(0x21, 0x00, tlv(5, "1-7"))).unique_id, "1-7");
}

TEST(ProxyProtocol, RefusesWhatVersion2DoesNotKnowAsSoonAsItIsThere) {
  EXPECT_THAT(refusal(v2(0x31, 0x11, kEnds4)).what, HasSubstr("version 3 instead of 2"));
  EXPECT_EQ(refusal(v2(0x31, 0x11, kEnds4)).after, 13U);
  EXPECT_THAT(refusal(v2(0x22, 0x11, kEnds4)).what, HasSubstr("command 2 is neither"));
  EXPECT_THAT(refusal(v2(0x21, 0x41, kEnds4)).what, HasSubstr("address family 4"));
  EXPECT_THAT(refusal(v2(0x21, 0x13, kEnds4)).what, HasSubstr("transport 3"));
  EXPECT_THAT(refusal(v2(0x21, 0x11, kEnds4.substr(1))).what, HasSubstr("11 bytes are too few for two IPv4"));
  EXPECT_THAT(refusal(v2(0x21, 0x31, kEnds4)).what, HasSubstr("12 bytes are too few for two Unix"));
}

TEST(ProxyProtocol, RefusesALengthAboveItsBoundBeforeTheBytesCome) {
  const auto header = v2(0x21, 0x11, std::string(5000, '\0'));

  const auto refused = refusal(header);

  EXPECT_EQ(refused.after, kProxyPrefixBytes);
  EXPECT_EQ(refused.what, "v2: oversized: 5016 bytes, 4096 are allowed");
  EXPECT_TRUE(read(v2(0x20, 0, std::string(5000, '\0')), 5016).is_local) << "the bound is the caller's";
}

TEST(ProxyProtocol, ReadsTheUniqueIdAmongOtherTlvs) {
  const std::string id(128, '\xff');
  const auto header = read(
      v2(0x21, 0x11, kEnds4 + tlv(4, std::string(300, 'n')) + tlv(2, "example") + tlv(5, id) + tlv(4, "")));

  EXPECT_EQ(header.unique_id, id);
  EXPECT_EQ(header.source, ip("192.0.2.1:8080"));
}

TEST(ProxyProtocol, RefusesHostileTlvs) {
  const auto with = [](const std::string& tlvs) { return refusal(v2(0x21, 0x11, kEnds4 + tlvs)).what; };
  EXPECT_EQ(with("\5"), "v2: byte 28: a TLV of 1 bytes is cut");
  EXPECT_EQ(with("\5\0"s), "v2: byte 28: a TLV of 2 bytes is cut");
  EXPECT_EQ(with("\5\xff\xff"), "v2: byte 28: TLV 0x05 has 65535 bytes, 0 are left");
  EXPECT_EQ(with("\4\0\0\5\0\4abc"s), "v2: byte 31: TLV 0x05 has 4 bytes, 3 are left");
  EXPECT_EQ(with(tlv(5, std::string(129, 'x'))), "v2: UNIQUE_ID has 129 bytes, above 128");
  EXPECT_EQ(with(tlv(3, "abc")), "v2: CRC32C has 3 bytes instead of 4");
}

TEST(ProxyProtocol, VerifiesTheChecksum) {
  // Computed apart from this program: CRC-32C of these 35 bytes with zeros at its own place.
  const auto with = [](const std::string& crc) { return v2(0x21, 0x11, kEnds4 + tlv(3, crc)); };
  EXPECT_EQ(read(with("\x92"
                      "\xe6"
                      "\xdb"
                      "\x8f"))
                .source,
            ip("192.0.2.1:8080"));
  EXPECT_THAT(refusal(with("\0\0\0\0"s)).what, HasSubstr("CRC32C is 00000000, the bytes have 92e6db8f"));
  EXPECT_THAT(refusal(v2(0x21, 0, tlv(3, "\0\0\0\0"s))).what, HasSubstr("CRC32C is 00000000"));
}

TEST(ProxyProtocol, NoticesEachBitThatChangedBehindAChecksum) {
  const auto header = proxy_header_v2(ip("192.0.2.1:8080"), ip("198.51.100.2:80"), "2-1417");
  for (std::size_t at = kProxyPrefixBytes; at < header.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = header;
      changed[at] = static_cast<char>(changed[at] ^ 1 << bit);
      const auto parsed = parse_proxy_header(as_bytes(changed), kMost);
      const bool hides_it = at == kProxyPrefixBytes + 12 + 3 + 6;  // the type of CRC32C itself
      EXPECT_TRUE(!parsed || hides_it) << "byte " << at << ", bit " << bit;
    }
  }
}

TEST(ProxyProtocol, WritesTheLinesThatItReads) {
  EXPECT_EQ(proxy_header_v1(ip("192.0.2.1:8080"), ip("198.51.100.2:80")),
            "PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n");
  EXPECT_EQ(proxy_header_v1(ip("[2001:db8::1]:8080"), ip("[::1]:80")),
            "PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 8080 80\r\n");
  EXPECT_EQ(proxy_header_v1(ip("[2001:db8::1]:8080"), ip("198.51.100.2:80")),
            "PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:ffff:c633:6402 8080 80\r\n");
  EXPECT_EQ(proxy_header_v1(Address::unix_path("/run/x"), ip("198.51.100.2:80")), "PROXY UNKNOWN\r\n");
  const auto mixed = read(proxy_header_v1(ip("192.0.2.1:8080"), ip("[2001:db8::1]:80")));
  EXPECT_EQ(mixed.source, ip("192.0.2.1:8080"));
  EXPECT_EQ(mixed.destination, ip("[2001:db8::1]:80"));
}

TEST(ProxyProtocol, WritesTheHeadersThatItReads) {
  for (const auto& [source, destination] :
       {std::pair{"192.0.2.1:8080", "198.51.100.2:80"}, std::pair{"[2001:db8::1]:8080", "[::1]:80"},
        std::pair{"192.0.2.1:1", "[2001:db8::1]:2"}, std::pair{"[2001:db8::1]:3", "192.0.2.1:4"}}) {
    const auto header = read(proxy_header_v2(ip(source), ip(destination), "2-1417"));
    EXPECT_EQ(header.source, ip(source));
    EXPECT_EQ(header.destination, ip(destination));
    EXPECT_EQ(header.unique_id, "2-1417");
    EXPECT_FALSE(header.is_local);
  }
  const auto unix_end = read(proxy_header_v2(Address::unix_path(""), ip("192.0.2.1:4"), "1-1"));
  EXPECT_TRUE(has_no_addresses(unix_end));
  EXPECT_EQ(unix_end.unique_id, "1-1");
  EXPECT_EQ(proxy_header_v2(ip("192.0.2.1:8080"), ip("198.51.100.2:80"), "").substr(0, 28),
            v2(0x21, 0x11, kEnds4 + "1234567").substr(0, 28));
  EXPECT_TRUE(read(proxy_header_local()).is_local);
  EXPECT_EQ(proxy_header_local().size(), kProxyPrefixBytes);
}

}  // namespace
}  // namespace tcpctl::tcp
