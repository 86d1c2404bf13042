// SPDX-License-Identifier: Apache-2.0
#include "api/host.hpp"

#include <gtest/gtest.h>

namespace tcpctl::api {
namespace {

bool is_loopback(const char* host) {
  const auto name = host_name(host);
  return name && is_loopback_name(*name);
}

TEST(Host, TakesEverySpellingOfLoopback) {
  for (const auto* host : {"localhost", "LOCALHOST:9810", "127.0.0.1", "127.0.0.1:80", "127.8.9.10:1",
                           "[::1]", "[::1]:9810", "[0:0:0:0:0:0:0:1]:9810"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
}

TEST(Host, TakesNothingThatOnlyLooksLikeLoopback) {
  for (const auto* host : {"",
                           ":80",
                           "127.0.0.1.evil.com",
                           "evil.localhost",
                           "localhost.evil.com",
                           "localhost.",
                           "127.1",
                           "0x7f.1",
                           "2130706433",
                           "0.0.0.0",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "::1",
                           "[::1",
                           "[::1]x",
                           "[::1]:",
                           "localhost:",
                           "localhost:99999999",
                           "localhost:80:80",
                           "localhost:-1",
                           "user@localhost",
                           "localhost/",
                           "local host"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Host, KnowsThePageOfItsOwn) {
  EXPECT_TRUE(is_same_origin("http://localhost:9810", "localhost:9810"));
  EXPECT_TRUE(is_same_origin("HTTP://LocalHost:9810", "localhost:9810"));
  EXPECT_TRUE(is_same_origin("http://localhost", "localhost:80"));
  EXPECT_TRUE(is_same_origin("https://tcp.example", "tcp.example:443"));
  EXPECT_TRUE(is_same_origin("http://[::1]:9810", "[::1]:9810"));
}

TEST(Host, KnowsForeignPages) {
  for (const auto* origin : {"null", "", "http://", "http://evil.example", "http://localhost:3000",
                             "http://localhost:98100", "http://localhost:9810.evil.example",
                             "file://localhost:9810", "localhost:9810", "http://localhost:9810/",
                             "http://x@localhost:9810", "ws://localhost:9810", "http://127.0.0.1:9810"}) {
    EXPECT_FALSE(is_same_origin(origin, "localhost:9810")) << origin;
  }
}

}  // namespace
}  // namespace tcpctl::api
