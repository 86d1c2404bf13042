// SPDX-License-Identifier: Apache-2.0
#include "services/forward.hpp"

#include <gtest/gtest.h>

#include "services/service.hpp"
#include "support/options.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

tl::expected<ForwardOptions, std::string> options(const std::string& toml) {
  const test::Options written{toml, find_service("forward")->keys};
  if (!written.mistakes().empty()) return tl::make_unexpected(written.mistakes().front());
  return forward_options(written.reader()).map_error([](const auto& mistake) { return mistake.what; });
}

TEST(Forward, TakesAnAddressOrATableForEachUpstream) {
  const auto read = options(R"(upstreams = ["10.0.0.11:80", { name = "b", address = "host.example:80" }])");

  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->upstreams.size(), 2U);
  EXPECT_EQ(read->upstreams[0].address.text(), "10.0.0.11:80");
  EXPECT_EQ(read->upstreams[1].address.text(), "host.example:80");
  EXPECT_EQ(read->upstreams[1].name, "b");
}

TEST(Forward, NamesUpstreamsByTheirPlace) {
  const auto read =
      options(R"(upstreams = ["127.0.0.1:1", { name = "b", address = "127.0.0.1:2" }, "127.0.0.1:3"])");

  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->upstreams[0].name, "u1");
  EXPECT_EQ(read->upstreams[2].name, "u3");
}

TEST(Forward, HasTheDefaultsOfTheManual) {
  const auto read = options(R"(upstreams = ["127.0.0.1:1"])");

  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->connect_timeout, 5s);
  EXPECT_EQ(read->retries, 2U);
  EXPECT_TRUE(read->half_close);
  EXPECT_TRUE(read->zero_copy);
  EXPECT_EQ(read->balance, "round_robin");
  EXPECT_EQ(read->queue_timeout, 5s);
  EXPECT_EQ(read->upstreams[0].weight, 1U);
  EXPECT_FALSE(read->upstreams[0].backup);
  EXPECT_FALSE(read->upstreams[0].max_connections);
  EXPECT_EQ(read->upstreams[0].state, "ready");
  EXPECT_TRUE(read->accept_from.empty());
  EXPECT_EQ(read->send_proxy, ProxyVersion::none);
}

TEST(Forward, ReadsWhoseProxyHeadersItTakesAndWhichItSends) {
  const auto v2 = options(R"(
upstreams = ["127.0.0.1:1"]
proxy_protocol = { accept_from = ["10.0.0.0/8", "::1"], send = "v2" })");
  const auto v1 = options("upstreams = ['127.0.0.1:1']\nproxy_protocol.send = 'v1'");

  ASSERT_TRUE(v2) << v2.error();
  ASSERT_TRUE(v1) << v1.error();
  EXPECT_EQ(v2->accept_from,
            (std::vector{parse_network("10.0.0.0/8").value(), parse_network("::1").value()}));
  EXPECT_EQ(v2->send_proxy, ProxyVersion::v2);
  EXPECT_TRUE(v1->accept_from.empty());
  EXPECT_EQ(v1->send_proxy, ProxyVersion::v1);
}

TEST(Forward, ReadsWhatIsWritten) {
  const auto read = options(R"(
upstreams = ["127.0.0.1:1"]
connect_timeout = "250ms"
retries = 0
half_close = false
zero_copy = false
balance = "source_hash"
queue_timeout = "3s")");

  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->balance, "source_hash");
  EXPECT_EQ(read->queue_timeout, 3s);
  EXPECT_EQ(read->connect_timeout, 250ms);
  EXPECT_EQ(read->retries, 0U);
  EXPECT_FALSE(read->half_close);
  EXPECT_FALSE(read->zero_copy);
}

TEST(Forward, ReadsWhatIsWrittenOfAnUpstream) {
  const auto read = options(R"(upstreams = [
  { address = "127.0.0.1:1", weight = 7, backup = true, max_connections = 9, state = "drain" }])");

  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->upstreams[0].weight, 7U);
  EXPECT_TRUE(read->upstreams[0].backup);
  EXPECT_EQ(read->upstreams[0].max_connections, 9U);
  EXPECT_EQ(read->upstreams[0].state, "drain");
}

TEST(Forward, WaitsForAPlaceAsLongAsForAConnectionWhereNothingElseIsSaid) {
  EXPECT_EQ(options("upstreams = [\"127.0.0.1:1\"]\nconnect_timeout = \"7s\"")->queue_timeout, 7s);
}

TEST(Forward, RefusesAWeightBeyondItsBounds) {
  EXPECT_FALSE(options(R"(upstreams = [{ address = "127.0.0.1:1", weight = 257 }])"));
  EXPECT_FALSE(options(R"(upstreams = [{ address = "127.0.0.1:1", max_connections = 0 }])"));
}

TEST(Forward, RefusesTwoUpstreamsOfOneName) {
  const auto read = options(R"(upstreams = [{ name = "u2", address = "127.0.0.1:1" }, "127.0.0.1:2"])");

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), "two upstreams are called 'u2'");
}

TEST(Forward, RefusesToForwardNowhere) {
  EXPECT_FALSE(options("upstreams = []"));
  EXPECT_FALSE(options(""));
}

TEST(Forward, RefusesAnAddressThatIsNone) { EXPECT_FALSE(options(R"(upstreams = ["10.0.0.11"])")); }

TEST(Forward, RefusesABalanceThatDoesNotExist) {
  EXPECT_FALSE(options("upstreams = [\"127.0.0.1:1\"]\nbalance = \"fastest\""));
}

}  // namespace
}  // namespace tcpctl
