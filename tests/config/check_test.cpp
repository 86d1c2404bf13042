// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using test::mistakes_of;
using test::mistakes_of_json;
using testing::HasSubstr;

/// A listener that is right but for `line`, which stands in the fourth line.
std::string with(std::string_view line) {
  return mistakes_of("[listeners.web]\nlisten = '127.0.0.1:0'\nservice = 'echo'\n" + std::string{line} +
                     "\n");
}

TEST(Check, FindsNothingWrongWithTheSampleOfTheContract) {
  EXPECT_EQ(mistakes_of(R"(
[daemon]
workers = 0
drain_timeout = "30s"
[log]
level = "info"
target = "file:/var/log/x"
[api]
http = ""
metrics = { listen = "0.0.0.0:9811", allow = ["10.0.0.0/8"] }
[api.roles]
"user:prometheus" = "read"
[history]
connections = 10000
[listeners.hello]
listen = ["127.0.0.1:6000", "[::1]:6000"]
service = "dialog"
max_connections = 1000
allow = ["127.0.0.0/8", "::1/128"]
idle_timeout = "5m"
keepalive = { idle = "60s", interval = "10s", probes = 6 }
congestion = "cubic"
on_limit = "close"
dialog = { greeting = "Welcome!\n", framing = "line" }
[listeners.web]
listen = "0.0.0.0:8080"
service = "forward"
[listeners.web.forward]
upstreams = ["10.0.0.11:80", { name = "b", address = "10.0.0.12:80", weight = 2 }]
[clients.feed]
connect = "feed.example:7000"
mode = "keep"
backoff = { initial = "1s", factor = 1.6, jitter = 0.2, max = "2m" }
[clients.smtp-check]
connect = "127.0.0.1:25"
mode = "probe"
steps = [{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect_eof = true }]
)"),
            "");
}

TEST(Check, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(with("idle_timeuot = '5s'"),
            "t.toml:4:1: unknown key 'idle_timeuot'; did you mean 'idle_timeout'?");
  EXPECT_EQ(mistakes_of("[demon]\n"), "t.toml:1:2: unknown key 'demon'; did you mean 'daemon'?");
}

TEST(Check, ListsTheKnownKeysWhereNoneIsNear) {
  EXPECT_EQ(mistakes_of("[log]\nfrobnicate = 1\n"),
            "t.toml:2:1: unknown key 'frobnicate'; known here: level, target, format");
  EXPECT_EQ(with("frobnicate = 1"), "t.toml:4:1: unknown key 'frobnicate'; `tcpctld --print-keys` lists all");
}

TEST(Check, KeysOfLaterVersionsAreUnknown) {
  EXPECT_THAT(mistakes_of("daemon = { restart_after = '1s' }"), HasSubstr("unknown key 'restart_after'"));
}

TEST(Check, SaysWhichTypeIsExpected) {
  EXPECT_EQ(with("idle_timeout = 5"),
            "t.toml:4:16: listeners.web.idle_timeout: expected a duration like \"5s\", got the integer 5");
  EXPECT_EQ(with("max_connections = '5'"),
            "t.toml:4:19: listeners.web.max_connections: expected a whole number, got the text \"5\"");
  EXPECT_EQ(with("max_connections = 1.5"),
            "t.toml:4:19: listeners.web.max_connections: expected a whole number, got the number 1.5");
  EXPECT_EQ(with("congestion = true"),
            "t.toml:4:14: listeners.web.congestion: expected a text in quotes, got true");
  EXPECT_EQ(with("allow = [1]"),
            "t.toml:4:10: listeners.web.allow[0]: expected a network like \"10.0.0.0/8\", got the integer 1");
  EXPECT_EQ(with("keepalive = true"), "t.toml:4:13: listeners.web.keepalive: expected a table, got true");
  EXPECT_EQ(with("backlog = [1]"), "t.toml:4:11: listeners.web.backlog: expected a whole number, got a list");
}

TEST(Check, SaysWhichUnitIsMissing) {
  EXPECT_EQ(with("idle_timeout = '5'"),
            "t.toml:4:16: listeners.web.idle_timeout: duration '5': unit missing, write '5s'");
}

TEST(Check, SaysWhichBoundsHold) {
  EXPECT_EQ(with("backlog = 0"), "t.toml:4:11: listeners.web.backlog: must be 1 to 2147483647, got 0");
  EXPECT_EQ(with("max_connections = 0"),
            "t.toml:4:19: listeners.web.max_connections: must be at least 1, got 0");
  EXPECT_EQ(with("close_timeout = '0s'"),
            "t.toml:4:17: listeners.web.close_timeout: must be 1ms to 1d, got 0s");
  EXPECT_EQ(with("congestion = ''"), "t.toml:4:14: listeners.web.congestion: must not be empty");
  EXPECT_EQ(with("congestion = 'a_name_tht_fits'"), "");
  EXPECT_EQ(with("congestion = 'a_name_too_long_xx'"),
            "t.toml:4:14: listeners.web.congestion: must have at most 15 bytes, got 18");
}

TEST(Check, SaysWhichChoicesThereAre) {
  EXPECT_EQ(with("on_limit = 'wiat'"),
            "t.toml:4:12: listeners.web.on_limit: expected one of \"close\", \"wait\", "
            "got the text \"wiat\"; did you mean 'wait'?");
}

TEST(Check, NumbersAreFiniteAndInBounds) {
  const std::string client = "[clients.x]\nconnect = 'h:1'\nmode = 'keep'\nbackoff.factor = ";
  EXPECT_EQ(mistakes_of(client + "2\n"), "");
  EXPECT_EQ(mistakes_of(client + "0.5\n"),
            "t.toml:4:18: clients.x.backoff.factor: must be 1 to 100, got 0.5");
  EXPECT_EQ(mistakes_of(client + "nan\n"),
            "t.toml:4:18: clients.x.backoff.factor: expected a finite number, got nan");
}

TEST(Check, NamesWhatIsMissing) {
  EXPECT_EQ(mistakes_of("[listeners.web]\n"),
            "t.toml:1:1: listeners.web.listen is missing; write listen = \"127.0.0.1:7000\"\n"
            "t.toml:1:1: listeners.web.service is missing; write service = \"echo\"");
  EXPECT_EQ(mistakes_of("[clients.x]\nmode = 'keep'\n"),
            "t.toml:1:1: clients.x.connect is missing; write connect = \"host.example:7000\"");
  EXPECT_EQ(mistakes_of("[listeners.web]\nservice = 'echo'\nlisten = []\n"),
            "t.toml:3:10: listeners.web.listen: must have at least one element");
}

TEST(Check, NamesFollowTheContract) {
  EXPECT_EQ(
      mistakes_of("[listeners.'a b']\nlisten = '*:0'\nservice = 'echo'\n"),
      "t.toml:1:12: 'a b' is no name: 1 to 64 letters, digits, '_', '.' or '-', the first a letter or digit");
}

TEST(Check, UpstreamsAreAddressesOrTables) {
  const std::string forward = "[listeners.web]\nlisten = '*:0'\nservice = 'forward'\nforward.upstreams = ";
  EXPECT_EQ(mistakes_of(forward + "['h:1', { address = 'h:2' }]\n"), "");
  EXPECT_EQ(mistakes_of(forward + "'h:1'\n"), "");
  EXPECT_EQ(mistakes_of(forward + "['h']\n"),
            "t.toml:4:22: listeners.web.forward.upstreams[0]: address 'h': port missing, write 'h:PORT'");
  EXPECT_EQ(mistakes_of(forward + "[{ name = 'b' }]\n"),
            "t.toml:4:22: listeners.web.forward.upstreams[0].address is missing; write address = "
            "\"host.example:7000\"");
  EXPECT_EQ(mistakes_of(forward + "[{ address = 'h:1', wieght = 2 }]\n"),
            "t.toml:4:41: unknown key 'wieght'; did you mean 'weight'?");
  EXPECT_EQ(mistakes_of(forward + "[5]\n"),
            "t.toml:4:22: listeners.web.forward.upstreams[0]: expected an address "
            "like \"host.example:7000\", got the integer 5");
  EXPECT_EQ(mistakes_of(forward + "[]\n"),
            "t.toml:4:21: listeners.web.forward.upstreams: must have at least one element");
}

TEST(Check, StepsAreTables) {
  const std::string probe = "[clients.x]\nconnect = 'h:1'\nmode = 'probe'\nsteps = ";
  EXPECT_EQ(mistakes_of(probe + "[]\n"), "");
  EXPECT_EQ(mistakes_of(probe + "['QUIT']\n"),
            "t.toml:4:10: clients.x.steps[0]: expected a table, got a text");
  EXPECT_EQ(mistakes_of(probe + "[{ send_bytes = '00' }]\n"), "");
  EXPECT_EQ(mistakes_of(probe + "[{ send_bytes = '' }]\n"),
            "t.toml:4:25: clients.x.steps[0].send_bytes: must not be empty");
  EXPECT_EQ(
      mistakes_of(probe + "[{ send_bytes = '0x' }]\n"),
      "t.toml:4:25: clients.x.steps[0].send_bytes: expected bytes in hex like \"0d 0a\", got another text");
}

TEST(Check, SaysNothingOfTheValueOfASecret) {
  const auto* const mistakes = R"([clients.x]
connect = "h:1"
mode = "probe"
steps = [ { send = 4711 }, { send = 4711.5 }, { send = [ 4711 ] }, { send_bytes = "4711x" }, { expect = true }, "4711", 4711 ]
[api.tokens]
a = "4711"
b = { role = "read", sha256 = 4711 }
)";
  const auto told = mistakes_of(mistakes);

  EXPECT_EQ(std::ranges::count(told, '\n') + 1, 9) << told;
  EXPECT_THAT(told, testing::Not(testing::HasSubstr("4711")));
  EXPECT_THAT(told, testing::HasSubstr("steps[0].send: expected a text in quotes, got an integer"));
}

TEST(Check, ReportsAllMistakesInTheOrderOfTheText) {
  EXPECT_EQ(
      mistakes_of("[log]\nlevel = 'loud'\n[daemon]\nworkers = -1\nstat = 'x'\n[api]\nhttp = '0.0.0.0:1'\n"),
      "t.toml:2:9: log.level: expected one of \"trace\", \"debug\", \"info\", \"warn\", \"error\", got the "
      "text "
      "\"loud\"\n"
      "t.toml:4:11: daemon.workers: must be 0 to 256, got -1\n"
      "t.toml:5:1: unknown key 'stat'; did you mean 'state'?\n"
      "t.toml:7:8: api.http: only loopback is served, like \"127.0.0.1:1\"; for Prometheus elsewhere set "
      "api.metrics, for people use ssh -L");
}

TEST(Check, JsonMistakesCarryPointersInTheOrderOfTheText) {
  EXPECT_EQ(
      mistakes_of_json(R"({"service": "ehco", "listen": ["127.0.0.1:0", 5], "backlgo": 1})", "listeners.*"),
      "/service: service: expected one of \"echo\", \"dialog\", \"forward\", got the text \"ehco\"; did you "
      "mean "
      "'echo'?\n"
      "/listen/1: listen[1]: expected an address like \"127.0.0.1:7000\", got the integer 5\n"
      "/backlgo: unknown key 'backlgo'; did you mean 'backlog'?");
  EXPECT_EQ(mistakes_of_json("[]"), "/: expected a table, got a list");
  EXPECT_EQ(
      mistakes_of_json(R"({"log": {"level": null}})"),
      "/log/level: log.level: expected one of \"trace\", \"debug\", \"info\", \"warn\", \"error\", got null");
}

TEST(Check, AFloodOfMistakesIsCut) {
  std::string flood = "{\"listeners\": {";
  for (int i = 0; i < 5000; ++i) flood += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) + "\": {\"x\": 1}";
  const auto mistakes = check(parse_json(flood + "}}").value(), test::all_keys(), "");

  EXPECT_EQ(mistakes.size(), 1001U);
  EXPECT_EQ(mistakes.back().what, "further mistakes are not listed");
}

TEST(Check, AHostileKeyCannotForgeALine) {
  const auto text = mistakes_of("\"a\\nb\\u001b[31m\" = 1\n");

  EXPECT_THAT(text, HasSubstr("unknown key 'a\\nb\\x1b[31m'"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tcpctl::config
