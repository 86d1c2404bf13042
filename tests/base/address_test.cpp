// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/un.h>

namespace tcpctl {
namespace {

using testing::HasSubstr;

Address ip(std::string_view text) { return parse_ip_port(text).value(); }

std::string refusal_to_listen(std::string_view text) {
  const auto parsed = parse_listen_address(text);
  return parsed ? "taken as " + parsed->text() : parsed.error().what;
}
std::string refusal_to_connect(std::string_view text) {
  const auto parsed = parse_connect_address(text);
  return parsed ? "taken as " + parsed->text() : parsed.error().what;
}

TEST(Address, LiteralsReadAsTheyWereWritten) {
  for (const auto* text : {"127.0.0.1:7000", "[::1]:7000", "0.0.0.0:0", "[::]:65535", "[fe80::1%lo]:7000"}) {
    EXPECT_EQ(ip(text).text(), text);
  }
}

TEST(Address, KnowsItsParts) {
  const auto address = ip("[2001:db8::7]:443");

  EXPECT_EQ(address.family(), AF_INET6);
  EXPECT_EQ(address.port(), 443);
  EXPECT_EQ(address.host(), "2001:db8::7");
  EXPECT_FALSE(address.is_unix());
}

TEST(Address, AMappedAddressIsIpv4) {
  EXPECT_EQ(ip("[::ffff:10.0.0.7]:80"), ip("10.0.0.7:80"));
  EXPECT_EQ(ip("[::ffff:10.0.0.7]:80").text(), "10.0.0.7:80");
}

TEST(Address, GoesThroughTheKernelsFormUnchanged) {
  for (const auto& address : {ip("127.0.0.1:7000"), ip("[fe80::1%lo]:7000"),
                              Address::unix_path("/run/x.sock"), Address::unix_path("")}) {
    sockaddr_storage storage{};
    const auto length = address.to(storage);

    EXPECT_EQ(Address::from(storage, length), address) << address.text();
  }
}

TEST(Address, AnEmptyOneHasNoFamilyAndNoText) {
  const Address none{};

  EXPECT_EQ(none.family(), AF_UNSPEC);
  EXPECT_EQ(none.text(), "");
  EXPECT_EQ(none, Address{});
  EXPECT_NE(none, ip("0.0.0.0:0"));
}

TEST(Address, ShowsAbstractAndNamelessUnixEnds) {
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  std::memcpy(&abstract.sun_path[1], "bus", 3);
  sockaddr_storage storage{};
  std::memcpy(&storage, &abstract, sizeof abstract);

  EXPECT_EQ(Address::from(storage, offsetof(sockaddr_un, sun_path) + 4).text(), "unix:@bus");
  EXPECT_EQ(Address::from(storage, sizeof(sa_family_t)).text(), "unix:");
}

TEST(Address, TakesAPathThatFillsAllOfSunPath) {
  sockaddr_un full{};
  full.sun_family = AF_UNIX;
  std::memset(&full.sun_path[0], 'a', sizeof full.sun_path);
  sockaddr_storage storage{};
  std::memcpy(&storage, &full, sizeof full);

  EXPECT_EQ(Address::from(storage, sizeof full).host(), std::string(sizeof full.sun_path, 'a'));
}

TEST(Address, ATruncatedOneIsNone) {
  sockaddr_storage storage{};
  storage.ss_family = AF_INET;

  EXPECT_EQ(Address::from(storage, 4).family(), AF_UNSPEC);
}

TEST(Address, KnowsLoopback) {
  EXPECT_TRUE(ip("127.255.0.1:1").is_loopback());
  EXPECT_TRUE(ip("[::1]:1").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1:1").is_loopback());
  EXPECT_FALSE(ip("0.0.0.0:1").is_loopback());
  EXPECT_FALSE(ip("[::]:1").is_loopback());
}

TEST(Address, SameHostLooksAwayFromThePort) {
  EXPECT_TRUE(ip("10.0.0.7:1").same_host(ip("10.0.0.7:2")));
  EXPECT_FALSE(ip("10.0.0.7:1").same_host(ip("10.0.0.8:1")));
  EXPECT_FALSE(ip("[::1]:1").same_host(ip("127.0.0.1:1")));
}

TEST(Address, ListensOnEveryFormOfTheContract) {
  using Kind = ListenAddress::Kind;
  EXPECT_EQ(parse_listen_address("127.0.0.1:0")->kind, Kind::literal);
  EXPECT_EQ(parse_listen_address("*:7000")->kind, Kind::any);
  EXPECT_EQ(parse_listen_address("*:7000")->port, 7000);
  EXPECT_EQ(parse_listen_address("unix:/run/x.sock")->kind, Kind::unix_path);
  EXPECT_EQ(parse_listen_address("systemd:web")->name, "web");
  for (const auto* text : {"127.0.0.1:0", "*:7000", "[::1]:7000", "unix:/run/x.sock", "systemd:web"}) {
    EXPECT_EQ(refusal_to_listen(text), std::string{"taken as "} + text);
  }
}

TEST(Address, ConnectsToEveryFormOfTheContract) {
  using Kind = ConnectAddress::Kind;
  EXPECT_EQ(parse_connect_address("10.0.0.1:80")->kind, Kind::literal);
  EXPECT_EQ(parse_connect_address("host.example:7000")->name, "host.example");
  EXPECT_EQ(parse_connect_address("host.example:7000")->port, 7000);
  EXPECT_EQ(parse_connect_address("srv:_svc._tcp.example")->kind, Kind::srv);
  for (const auto* text : {"10.0.0.1:80", "localhost:80", "my_host-1.example:80", "[::1]:80",
                           "unix:/run/x.sock", "srv:_svc._tcp.example"}) {
    EXPECT_EQ(refusal_to_connect(text), std::string{"taken as "} + text);
  }
}

TEST(Address, SaysWhatWouldBeRight) {
  EXPECT_EQ(refusal_to_listen("127.0.0.1"), "address '127.0.0.1': port missing, write '127.0.0.1:PORT'");
  EXPECT_EQ(refusal_to_listen("[::1]"), "address '[::1]': port missing, write '[::1]:PORT'");
  EXPECT_EQ(refusal_to_listen("::1"), "address '::1': IPv6 stands in brackets, with a port: '[::1]:PORT'");
  EXPECT_EQ(refusal_to_listen(":7000"), "address ':7000': host missing, write 'HOST:7000'");
  EXPECT_EQ(refusal_to_listen("127.0.0.1:65536"),
            "address '127.0.0.1:65536': the port is a number from 0 to 65535");
  EXPECT_EQ(refusal_to_listen("127.0.0.1:+1"),
            "address '127.0.0.1:+1': the port is a number from 0 to 65535");
  EXPECT_EQ(
      refusal_to_listen("localhost:80"),
      "address 'localhost:80': listening wants an IP address, like '127.0.0.1:7000', or '*:PORT' for all");
  EXPECT_EQ(refusal_to_listen("unix:x.sock"),
            "address 'unix:x.sock': write an absolute path, like 'unix:/run/x.sock'");
  EXPECT_EQ(refusal_to_listen("systemd:"),
            "address 'systemd:': write the socket's FileDescriptorName=, like 'systemd:web'");
  EXPECT_EQ(refusal_to_connect("*:80"), "address '*:80': '*' is neither an IP address nor a host's name");
  EXPECT_EQ(refusal_to_connect("10.0.0.256:80"),
            "address '10.0.0.256:80': '10.0.0.256' is neither an IP address nor a host's name");
  EXPECT_EQ(refusal_to_connect("10.0.0.1:0"), "address '10.0.0.1:0': nobody can be reached on port 0");
  EXPECT_EQ(refusal_to_connect("srv:example"),
            "address 'srv:example': write a service's name, like 'srv:_svc._tcp.example'");
  EXPECT_EQ(refusal_to_connect(""), "address '': empty, write 'HOST:PORT'");
}

TEST(Address, RefusesNamesThatDnsCouldNotHold) {
  EXPECT_THAT(refusal_to_connect(std::string(64, 'a') + ":80"), HasSubstr("neither"));
  EXPECT_THAT(refusal_to_connect("a..b:80"), HasSubstr("neither"));
  EXPECT_THAT(refusal_to_connect("-a:80"), HasSubstr("neither"));
  EXPECT_THAT(refusal_to_connect(std::string_view{"a\0b:80", 6}), HasSubstr("a\\x00b"));
}

TEST(Address, RefusesAPathThatASocketCannotHave) {
  const auto longest = "unix:/" + std::string(106, 'a');

  EXPECT_TRUE(parse_listen_address(longest).has_value());
  EXPECT_THAT(refusal_to_listen(longest + "a"), HasSubstr("the path has 108 bytes, 107 are possible"));
  EXPECT_THAT(refusal_to_listen("unix:/run/"), HasSubstr("a folder cannot be a socket"));
  EXPECT_THAT(refusal_to_listen(std::string_view{"unix:/a\0b", 9}), HasSubstr("a path has no NUL"));
}

TEST(Address, NamesAnInterfaceOnlyWhereItMatters) {
  EXPECT_THAT(refusal_to_connect("[fe80::1%no-such-if]:7000"), HasSubstr("no interface 'no-such-if' here"));
  EXPECT_THAT(refusal_to_connect("[2001:db8::1%lo]:7000"), HasSubstr("only link-local"));
}

TEST(Address, HasOneKeyForAHostWhateverThePort) {
  const auto key = [](const char* text) { return parse_ip_port(text)->host_key(); };

  EXPECT_EQ(key("10.0.0.7:1"), key("10.0.0.7:2"));
  EXPECT_EQ(key("10.0.0.7:1"), key("[::ffff:10.0.0.7]:1"));
  EXPECT_NE(key("10.0.0.7:1"), key("10.0.0.8:1"));
  EXPECT_NE(key("[::1]:1"), key("[::2]:1"));
  EXPECT_NE(key("[2001:db8::1]:1"), key("[2001:db8:1::1]:1"));
  EXPECT_FALSE(Address::unix_path("/run/x.sock").host_key());
}

}  // namespace
}  // namespace tcpctl
