// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using namespace std::chrono_literals;
using test::configured;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Build, AnEmptyTextGivesTheDefaultsOfTheContract) {
  const auto config = configured("");

  EXPECT_EQ(config.daemon.workers, 0U);
  EXPECT_EQ(config.daemon.max_connections, 0U);
  EXPECT_EQ(config.daemon.drain_timeout, 30s);
  EXPECT_EQ(config.log.level, log::Level::info);
  EXPECT_EQ(config.log.target, "auto");
  EXPECT_EQ(config.log.format, log::Format::text);
  EXPECT_FALSE(config.access_log.is_on());
  EXPECT_EQ(config.access_log.target, "auto");
  EXPECT_EQ(config.access_log.format, log::Format::text);
  EXPECT_EQ(config.api.socket, "/run/tcpctl/api.sock");
  EXPECT_EQ(config.api.http, "127.0.0.1:9810");
  EXPECT_EQ(config.api.anonymous, "read");
  EXPECT_EQ(config.api.metrics_listen, "");
  EXPECT_EQ(config.history.connections, 10'000U);
  EXPECT_EQ(config.history.events, 10'000U);
  EXPECT_THAT(config.listeners, IsEmpty());
  EXPECT_THAT(config.clients, IsEmpty());
}

TEST(Build, AListenerHasTheDefaultsOfTheContract) {
  const auto config = configured("[listeners.a]\nlisten = '*:0'\nservice = 'echo'\n");
  const auto& listener = *config.listeners.at("a");

  EXPECT_EQ(listener.name, "a");
  EXPECT_EQ(listener.backlog, 4096);
  EXPECT_EQ(listener.keepalive, (Keepalive{60s, 10s, 6}));
  EXPECT_EQ(listener.user_timeout, Duration{2min});
  EXPECT_EQ(listener.close_timeout, 5s);
  EXPECT_EQ(listener.bind_retry, 5s);
  EXPECT_EQ(listener.on_limit, "close");
  EXPECT_EQ(listener.max_connections, std::nullopt);
  EXPECT_EQ(listener.idle_timeout, std::nullopt);
  EXPECT_EQ(listener.congestion, "");
  EXPECT_THAT(listener.allow, IsEmpty());
}

TEST(Build, AClientHasTheDefaultsOfTheContract) {
  const auto config = configured("[clients.a]\nconnect = 'h:1'\nmode = 'keep'\n");
  const auto& client = *config.clients.at("a");

  EXPECT_EQ(client.connect.text(), "h:1");
  EXPECT_EQ(client.connect_timeout, 20s);
  EXPECT_EQ(client.connections, 1U);
  EXPECT_EQ(client.backoff_initial, 1s);
  EXPECT_DOUBLE_EQ(client.backoff_factor, 1.6);
  EXPECT_DOUBLE_EQ(client.backoff_jitter, 0.2);
  EXPECT_EQ(client.backoff_max, 2min);
  EXPECT_EQ(client.interval, 10s);
  EXPECT_EQ(client.timeout, 5s);
}

TEST(Build, TakesWhatWasWritten) {
  const auto config = configured(R"(
[listeners.a]
listen = ["127.0.0.1:6000", "unix:/run/x.sock"]
service = "dialog"
max_connections = 5
allow = "10.0.0.0/8"
idle_timeout = "5m"
keepalive = { idle = "30s" }
unix_mode = "0660"
)");
  const auto& listener = *config.listeners.at("a");

  ASSERT_EQ(listener.listen.size(), 2U);
  EXPECT_EQ(listener.listen[1].text(), "unix:/run/x.sock");
  EXPECT_EQ(listener.service, "dialog");
  EXPECT_EQ(listener.max_connections, 5U);
  ASSERT_EQ(listener.allow.size(), 1U);
  EXPECT_EQ(listener.allow[0].text(), "10.0.0.0/8");
  EXPECT_EQ(listener.idle_timeout, Duration{5min});
  EXPECT_EQ(listener.keepalive, (Keepalive{30s, 10s, 6}));
  EXPECT_EQ(listener.unix_mode, "0660");
}

TEST(Build, ZeroSecondsTurnATimeoutOff) {
  const auto config = configured(R"(
[listeners.a]
listen = "*:0"
service = "echo"
idle_timeout = "0s"
user_timeout = "0s"
keepalive.idle = "0s"
)");
  const auto& listener = *config.listeners.at("a");

  EXPECT_EQ(listener.idle_timeout, std::nullopt);
  EXPECT_EQ(listener.user_timeout, std::nullopt);
  EXPECT_EQ(listener.keepalive, std::nullopt);
}

TEST(Build, NamesMayHaveDots) {
  const auto config = configured("[listeners.'a.b']\nlisten = '*:0'\nservice = 'echo'\nbacklog = 7\n");

  EXPECT_EQ(config.listeners.at("a.b")->backlog, 7);
}

TEST(Build, TakesRolesAndTokens) {
  const auto config = configured(R"(
[api]
metrics = { listen = "127.0.0.1:9811" }
[api.roles]
"user:prometheus" = "read"
[api.tokens]
ci = { role = "operate", sha256 = "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789" }
ops = { role = "admin", file = "/etc/tcpctl/token" }
)");

  EXPECT_EQ(config.api.roles.at("user:prometheus"), "read");
  ASSERT_EQ(config.api.tokens.size(), 2U);
  EXPECT_EQ(config.api.tokens[0].name, "ci");
  EXPECT_EQ(config.api.tokens[0].sha256, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
  EXPECT_EQ(config.api.tokens[1].file, "/etc/tcpctl/token");
  EXPECT_EQ(config.api.metrics_listen, "127.0.0.1:9811");
  EXPECT_EQ(config.api.metrics_allow.size(), 2U);
}

TEST(Build, AnswersTheMistakesInsteadOfAValue) {
  const auto root = parse_toml("[log]\nlevel = 1\n[daemon]\nworkers = 'x'\n", "t.toml").value();
  const auto config = build(root, test::all_keys());

  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().size(), 2U);
}

TEST(Build, KeepsTheTreeAsItWasWritten) {
  const auto config = configured("[listeners.a]\nlisten = '*:0'\nservice = 'echo'\n");

  EXPECT_EQ(config.listeners.at("a")->written.json(), R"({"listen":"*:0","service":"echo"})");
  EXPECT_EQ(to_json(config, test::all_keys(), false),
            R"({"listeners":{"a":{"listen":"*:0","service":"echo"}}})");
}

}  // namespace
}  // namespace tcpctl::config
