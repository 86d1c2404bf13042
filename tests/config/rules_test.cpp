// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using test::mistakes_of;
using testing::HasSubstr;

std::string listener(std::string_view lines) {
  return mistakes_of("[listeners.web]\nlisten = '127.0.0.1:0'\n" + std::string{lines} + "\n");
}
std::string client(std::string_view lines) {
  return mistakes_of("[clients.x]\nconnect = 'h:1'\n" + std::string{lines} + "\n");
}

TEST(Rules, OptionsOfAnotherServiceAreAMistake) {
  EXPECT_EQ(listener("service = 'echo'\ndialog = { greeting = 'hi' }"),
            "t.toml:4:1: listeners.web.dialog: options of the service 'dialog', but service is \"echo\"");
}

TEST(Rules, AServiceWithoutKeysMayHaveItsEmptyTable) {
  EXPECT_EQ(listener("service = 'echo'\necho = {}"), "");
  EXPECT_THAT(listener("service = 'echo'\necho = { x = 1 }"), HasSubstr("unknown key 'echo'"));
}

TEST(Rules, AServiceWithoutItsTableStillNeedsItsKeys) {
  EXPECT_EQ(listener("service = 'forward'"),
            "t.toml:1:1: listeners.web.forward.upstreams is missing; write upstreams "
            "= \"host.example:7000\"");
  EXPECT_EQ(listener("service = 'dialog'"), "");
}

TEST(Rules, AnEmptyAllowListIsAsked) {
  EXPECT_EQ(listener("service = 'echo'\nallow = []"),
            "t.toml:4:9: listeners.web.allow: nobody could connect; name a "
            "network, or leave it out to allow all");
  EXPECT_EQ(listener("service = 'echo'\ndeny = []"), "");
}

TEST(Rules, TheNetworksOfProxiesAreSaidOnce) {
  const std::string forward = "service = 'forward'\nforward.upstreams = 'h:1'\n";
  EXPECT_EQ(listener("service = 'echo'\nproxy_protocol.accept_from = '10.0.0.0/8'"), "");
  EXPECT_EQ(listener(forward + "forward.proxy_protocol = { accept_from = '10.0.0.0/8', send = 'v2' }"), "");
  EXPECT_EQ(listener(forward + "proxy_protocol.accept_from = '10.0.0.0/8'\n"
                               "forward.proxy_protocol.accept_from = '10.0.0.0/8'"),
            "t.toml:6:24: listeners.web.forward.proxy_protocol.accept_from: said twice: it stands in "
            "proxy_protocol of the listener already");
  EXPECT_EQ(
      listener("service = 'echo'\nproxy_protocol.accept_from = []"),
      "t.toml:4:30: listeners.web.proxy_protocol.accept_from: nobody would send a header; name a network, "
      "or leave it out");
}

TEST(Rules, TheDeadlineOfAHeaderNeedsSomebodyWhoSendsIt) {
  EXPECT_EQ(listener("service = 'echo'\nproxy_protocol.timeout = '5s'"),
            "t.toml:4:16: listeners.web.proxy_protocol.timeout: says nothing without accept_from");
  EXPECT_EQ(
      listener("service = 'forward'\nforward = { upstreams = 'h:1', proxy_protocol.accept_from = '::/0' }\n"
               "proxy_protocol.timeout = '5s'"),
      "");
}

TEST(Rules, KeepaliveCountsWholeSeconds) {
  EXPECT_EQ(listener("service = 'echo'\nkeepalive.idle = '1500ms'"),
            "t.toml:4:18: listeners.web.keepalive.idle: the kernel counts whole seconds, got 1500ms");
  EXPECT_EQ(listener("service = 'echo'\nkeepalive.idle = '2000ms'"), "");
}

TEST(Rules, UnixModeIsOctal) {
  EXPECT_EQ(listener("service = 'echo'\nunix_mode = '0660'"), "");
  EXPECT_EQ(listener("service = 'echo'\nunix_mode = '660'"), "");
  for (const auto* mode : {"0668", "4755", "rw-"}) {
    EXPECT_THAT(listener(std::string{"service = 'echo'\nunix_mode = '"} + mode + "'"),
                HasSubstr("write the mode in octal, like \"0660\""));
  }
}

TEST(Rules, KeysOfOneModeAreMistakesInTheOther) {
  EXPECT_EQ(client("mode = 'probe'\nconnections = 2\nbackoff.max = '1m'"),
            "t.toml:4:1: clients.x.connections: only for mode = \"keep\"\n"
            "t.toml:5:1: clients.x.backoff: only for mode = \"keep\"");
  EXPECT_EQ(client("mode = 'keep'\ninterval = '1s'\ntimeout = '1s'\nsteps = []\nprobe_module = true"),
            "t.toml:4:1: clients.x.interval: only for mode = \"probe\"\n"
            "t.toml:5:1: clients.x.timeout: only for mode = \"probe\"\n"
            "t.toml:6:1: clients.x.steps: only for mode = \"probe\"\n"
            "t.toml:7:1: clients.x.probe_module: only for mode = \"probe\"");
}

TEST(Rules, BackoffDoesNotBeginAboveItsEnd) {
  EXPECT_EQ(client("mode = 'keep'\nbackoff.initial = '5m'"),
            "t.toml:4:19: clients.x.backoff.initial: initial (5m) must not be above max (2m)");
  EXPECT_EQ(client("mode = 'keep'\nbackoff.initial = '5m'\nbackoff.max = '10m'"), "");
}

TEST(Rules, HttpIsLoopbackOrOff) {
  EXPECT_EQ(mistakes_of("api.http = ''"), "");
  EXPECT_EQ(mistakes_of("api.http = '[::1]:0'"), "");
  EXPECT_THAT(mistakes_of("api.http = '10.0.0.1:80'"), HasSubstr("only loopback is served"));
  EXPECT_THAT(mistakes_of("api.http = 'localhost:80'"), HasSubstr("not an IP address"));
}

TEST(Rules, TheSocketOfTheApiFitsIntoSunPath) {
  EXPECT_THAT(mistakes_of("api.socket = 'x.sock'"), HasSubstr("api.socket: write an absolute path"));
  EXPECT_THAT(mistakes_of("api.socket = '/" + std::string(107, 'a') + "'"),
              HasSubstr("the path has 108 bytes, a Unix socket's has at most 107"));
}

TEST(Rules, MetricsAreServedOverIpToSomebody) {
  EXPECT_EQ(mistakes_of("api.metrics = { listen = '*:9811' }"), "");
  EXPECT_THAT(mistakes_of("api.metrics = { listen = 'unix:/x' }"), HasSubstr("metrics are served over IP"));
  EXPECT_THAT(mistakes_of("api.metrics = { listen = '*:1', allow = [] }"),
              HasSubstr("nobody could read the metrics"));
}

TEST(Rules, RolesAreGivenToUsersAndGroups) {
  EXPECT_EQ(mistakes_of("[api.roles]\n'group:netops' = 'operate'\n"), "");
  EXPECT_EQ(mistakes_of("[api.roles]\nnetops = 'operate'\n"),
            "t.toml:2:1: api.roles.netops: write \"user:NAME\" or \"group:NAME\"");
  EXPECT_THAT(mistakes_of("[api.roles]\n'user:x' = 'root'\n"), HasSubstr("expected one of \"read\""));
}

TEST(Rules, ATokenHasExactlyOneSource) {
  const std::string hash(64, 'A');
  EXPECT_EQ(mistakes_of("[api.tokens.ci]\nrole = 'read'\nsha256 = '" + hash + "'\n"), "");
  EXPECT_THAT(mistakes_of("[api.tokens.ci]\nrole = 'read'\n"),
              HasSubstr("exactly one of sha256, file and credential"));
  EXPECT_THAT(mistakes_of("[api.tokens.ci]\nrole = 'read'\nfile = '/x'\ncredential = 'y'\n"),
              HasSubstr("exactly one of sha256, file and credential"));
  EXPECT_THAT(mistakes_of("[api.tokens.ci]\nrole = 'read'\nsha256 = 'abc'\n"), HasSubstr("64 hex digits"));
}

TEST(Rules, LogsGoToAKnownTarget) {
  EXPECT_EQ(mistakes_of("log.target = 'file:/var/log/tcpctl.log'"), "");
  EXPECT_EQ(mistakes_of("log.target = 'jurnal'"),
            "t.toml:1:14: log.target: expected \"auto\", \"stderr\", \"journal\" "
            "or \"file:/PATH\"; did you mean 'journal'?");
  EXPECT_THAT(mistakes_of("log.target = 'file:x.log'"), HasSubstr("\"file:/PATH\""));
  EXPECT_EQ(mistakes_of("access_log.target = 'syslog'"),
            "t.toml:1:21: access_log.target: expected \"auto\", \"stderr\", \"journal\" or \"file:/PATH\"");
}

}  // namespace
}  // namespace tcpctl::config
