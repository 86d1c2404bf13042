// SPDX-License-Identifier: Apache-2.0
#include "ctl/run.hpp"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answers.hpp"
#include "base/fd.hpp"
#include "ctl/json.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// A file that is gone with this.
class TokenFile {
 public:
  TokenFile(const std::string& text, mode_t mode) {
    const Fd fd{::mkstemp(path_.data())};
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::fchmod(fd.get(), mode);
  }
  ~TokenFile() { std::filesystem::remove(path_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "tcpctl-token-XXXXXX").string();
};

class Run : public ::testing::Test {
 protected:
  /// `words` with --host in front.
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(Run, LeavesWithTheExitStatusOfWhatHappened) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}));
  daemon_.answer("GET /v1/listeners/no", problem(404, "no listener 'no'"));
  daemon_.answer("POST /v1/listeners/web/pause", problem(403, "role read is too weak"));
  daemon_.answer("POST /v1/listeners/web/resume", problem(409, "it is not paused"));

  EXPECT_EQ(here({"listener"}).exit, Exit::done);
  EXPECT_EQ(here({"listener", "resume", "web"}).exit, Exit::failed);
  EXPECT_EQ(here({"listener", "--nonsense"}).exit, Exit::usage);
  EXPECT_EQ(tcpctl({"listener", "--host", "unix:/nonexistent"}).exit, Exit::unreachable);
  EXPECT_EQ(here({"listener", "show", "no"}).exit, Exit::not_found);
  EXPECT_EQ(here({"listener", "pause", "web"}).exit, Exit::not_allowed);
}

TEST_F(Run, WritesOneLineOnStderrForAnError) {
  daemon_.answer("GET /v1/listeners/no", problem(404, "no listener 'no'"));

  const auto ran = here({"listener", "show", "no"});

  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "tcpctl: no listener 'no'; 'tcpctl listener' lists them\n");
}

TEST_F(Run, RefusesAHostOrAnOutputThatIsNoneBeforeAnythingIsAsked) {
  EXPECT_EQ(tcpctl({"--host", "nonsense", "status"}).exit, Exit::usage);
  EXPECT_EQ(tcpctl({"status"}, {.variables = {{"TCPCTL_HOST", "nonsense"}}}).exit, Exit::usage);
  EXPECT_EQ(here({"-o", "xml", "status"}).exit, Exit::usage);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Run, TakesTheHostOfTheEnvironmentAndPrefersTheOption) {
  daemon_.answer("GET /v1/status", kStatus);

  EXPECT_EQ(tcpctl({"status"}, {.variables = {{"TCPCTL_HOST", daemon_.host()}}}).exit, Exit::done);
  EXPECT_EQ(here({"status"}, {.variables = {{"TCPCTL_HOST", "unix:/nonexistent"}}}).exit, Exit::done);
}

TEST_F(Run, NeverGoesToAnotherHostByItself) {
  daemon_.answer("GET /v1/status", kStatus);

  const auto ran =
      tcpctl({"--host", "unix:/nonexistent", "status"}, {.variables = {{"TCPCTL_HOST", daemon_.host()}}});

  EXPECT_EQ(ran.exit, Exit::unreachable);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Run, SendsTheTokenOfTheEnvironment) {
  daemon_.answer("GET /v1/status", kStatus);

  (void)here({"status"}, {.variables = {{"TCPCTL_TOKEN", "s3cret"}}});
  EXPECT_THAT(daemon_.last(), HasSubstr("Authorization: Bearer s3cret\r\n"));

  EXPECT_EQ(here({"status"}, {.variables = {{"TCPCTL_TOKEN", "a\r\nX-Evil: 1"}}}).exit, Exit::usage);
}

TEST_F(Run, TakesItsTokenToNoOtherHostThanTheOneNamed) {
  const FakeDaemon elsewhere{FakeDaemon::Over::tcp};
  daemon_.answer_raw("GET /v1/status", "HTTP/1.1 307 X\r\nLocation: " + elsewhere.host() +
                                           "/v1/status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

  const auto ran =
      here({"status"}, {.variables = {{"TCPCTL_TOKEN", "s3cret"}, {"http_proxy", elsewhere.host()}}});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(elsewhere.asked(), IsEmpty());
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("s3cret")));
}

TEST_F(Run, SendsTheTokenOfAFileRatherThanTheEnvironments) {
  daemon_.answer("GET /v1/status", kStatus);
  const TokenFile file{"fr0m-file\r\nnot this\n", 0600};

  (void)here({"status", "--token-file", file.path()}, {.variables = {{"TCPCTL_TOKEN", "s3cret"}}});

  EXPECT_THAT(daemon_.last(), HasSubstr("Authorization: Bearer fr0m-file\r\n"));
}

TEST_F(Run, SendsNoTokenOfAFileThatIsOpenToOthersOrHoldsNone) {
  const auto refused = [&](const std::string& text, mode_t mode) {
    const TokenFile file{text, mode};
    const auto ran = here({"status", "--token-file", file.path()});
    EXPECT_THAT(ran.err, Not(HasSubstr("s3cret")));
    EXPECT_THAT(daemon_.asked(), IsEmpty());
    return ran;
  };

  EXPECT_THAT(refused("s3cret\n", 0644).err, HasSubstr("mode 0644 lets others at the token; chmod 0600 it"));
  EXPECT_EQ(refused("s3cret\n", 0620).exit, Exit::failed);
  EXPECT_EQ(refused("", 0600).exit, Exit::usage);
  EXPECT_EQ(refused("\ns3cret", 0600).exit, Exit::usage);
  EXPECT_EQ(refused("s3cret s3cret\n", 0600).exit, Exit::usage);
  EXPECT_EQ(refused("s3cret" + std::string(2000, 'x'), 0600).exit, Exit::usage);
  EXPECT_THAT(here({"status", "--token-file", "/nonexistent"}).err, HasSubstr("No such file"));
  EXPECT_EQ(here({"status", "--token", "s3cret"}).exit, Exit::usage) << "ps would show it";
}

TEST_F(Run, FitsTablesToTheTerminalButCutsNoPipe) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kEcho}));
  const std::string name = "echo-with-a-name-of-some-length";

  EXPECT_THAT(here({"listener"}).out, HasSubstr(name));
  EXPECT_THAT(here({"listener"}, {.variables = {{"COLUMNS", "50"}}}).out, Not(HasSubstr(name)));
  EXPECT_THAT(here({"listener"}, {.terminal = true, .terminal_width = 50}).out, Not(HasSubstr(name)));
  EXPECT_THAT(here({"listener", "-o", "wide"}, {.terminal = true, .terminal_width = 50}).out,
              HasSubstr(name));
  EXPECT_THAT(here({"listener"}, {.variables = {{"COLUMNS", "wide"}}}).out, HasSubstr(name));
}

TEST_F(Run, ColoursATerminalAloneAndOnlyWhereItIsWanted) {
  daemon_.answer("GET /v1/listeners?limit=1000", page({kWeb}));
  const auto coloured = [&](const Around& around, std::vector<std::string> words = {"listener"}) {
    return here(std::move(words), around).out.find('\x1b') != std::string::npos;
  };

  EXPECT_TRUE(coloured({.variables = {{"TERM", "xterm"}}, .terminal = true}));
  EXPECT_FALSE(coloured({.variables = {{"TERM", "xterm"}}}));
  EXPECT_FALSE(coloured({.variables = {{"TERM", "dumb"}}, .terminal = true}));
  EXPECT_FALSE(coloured({.variables = {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, .terminal = true}));
  EXPECT_FALSE(coloured({.variables = {{"TERM", "xterm"}}, .terminal = true}, {"listener", "--no-color"}));
}

TEST_F(Run, PrintsTheAnswerOfTheApiAsJson) {
  daemon_.answer("GET /v1/listeners/web", kWeb);

  const auto json = Json::parse(here({"-o", "json", "listener", "show", "web"}).out);

  ASSERT_TRUE(json);
  EXPECT_EQ(json->dump(-1), Json::parse(kWeb)->dump(-1));
}

TEST_F(Run, ShowsADashForWhatAnOlderDaemonDoesNotTell) {
  daemon_.answer("GET /v1/listeners?limit=1000",
                 std::string{R"({"items": [{"name": "web", "new_member": {}}]})"});
  daemon_.answer("GET /v1/listeners/web", std::string{R"({"name": "web"})"});

  EXPECT_THAT(here({"listener"}).out, HasSubstr("web   -      -        -             -"));
  EXPECT_EQ(here({"listener", "show", "web"}).exit, Exit::done);
}

TEST_F(Run, TellsThatAnAnswerIsNoJson) {
  daemon_.answer("GET /v1/listeners?limit=1000", Canned{200, "<html>", "text/html"});

  const auto ran = here({"listener"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr("is no JSON; is that tcpctld? check --host"));
}

TEST_F(Run, PrintsBothVersions) {
  daemon_.answer("GET /v1/status", kStatus);

  EXPECT_THAT(here({"version"}).out, StartsWith("tcpctl " TCPCTL_VERSION "\ntcpctld 0.1.0 at unix:"));
  EXPECT_EQ(tcpctl({"--host", "unix:/nonexistent", "--version"}).out,
            "tcpctl " TCPCTL_VERSION
            "\ntcpctld - (cannot reach unix:/nonexistent: no such file; is tcpctld running? systemctl status "
            "tcpctld)\n");
  EXPECT_EQ(tcpctl({"version", "--host", "unix:/nonexistent"}).exit, Exit::unreachable);
}

TEST_F(Run, ReadsAndChangesTheLogLevel) {
  daemon_.answer("GET /v1/log/level", std::string{R"({"level": "info"})"});
  daemon_.answer("PUT /v1/log/level", std::string{R"({"level": "debug"})"});

  EXPECT_EQ(here({"log-level"}).out, "info\n");
  EXPECT_EQ(here({"log-level", "debug"}).exit, Exit::done);
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\n\r\n{\"level\": \"debug\"}"));
  EXPECT_EQ(here({"log-level", "loud"}).exit, Exit::usage);
}

TEST_F(Run, PrintsMetricsAsTheyAreAndEscapedOnATerminal) {
  daemon_.answer("GET /metrics", Canned{200, "a{b=\"\x1b[2J\"} 1\n", "text/plain"});

  EXPECT_EQ(here({"metrics"}).out, "a{b=\"\x1b[2J\"} 1\n");
  EXPECT_EQ(here({"metrics"}, {.terminal = true}).out, "a{b=\"\\x1b[2J\"} 1\n");
}

TEST_F(Run, SendsAnyRequestToTheApi) {
  daemon_.answer("PUT /v1/log/level?x=1", std::string{"{\"level\":\"debug\"}"});

  const auto ran =
      here({"api", "put", "/v1/log/level?x=1", "-d", "-"}, {.stdin_text = "{\"level\": \"debug\"}"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "{\"level\":\"debug\"}\n");
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\n\r\n{\"level\": \"debug\"}"));
}

TEST_F(Run, PrintsAProblemAndItsMeaningForARequestThatFails) {
  daemon_.answer("GET /v1/x", problem(404, "no such path"));

  const auto ran = here({"api", "GET", "/v1/x"});

  EXPECT_EQ(ran.exit, Exit::not_found);
  EXPECT_THAT(ran.out, HasSubstr("\"no such path\""));
  EXPECT_EQ(ran.err, "tcpctl: no such path\n");
}

TEST_F(Run, SendsTheHeadersThatItIsGivenAndShowsThoseOfTheAnswer) {
  daemon_.answer("PATCH /v1/x", std::string{"{}"});

  const auto ran = here(
      {"api", "-i", "PATCH", "/v1/x", "-d", "{}", "-H", "If-Match: \"a\"", "--header", "accept:text/plain"});

  EXPECT_THAT(daemon_.last(), HasSubstr("\r\nIf-Match: \"a\"\r\n"));
  EXPECT_THAT(daemon_.last(), HasSubstr("\r\naccept: text/plain\r\n"));
  EXPECT_THAT(daemon_.last(), ::testing::Not(HasSubstr("Accept: ")));
  EXPECT_THAT(ran.out, ::testing::StartsWith("HTTP/1.1 200\n"));
  EXPECT_THAT(ran.out, HasSubstr("\nContent-Type: application/json\n"));
  EXPECT_THAT(ran.out, ::testing::EndsWith("\n\n{}\n"));
}

TEST_F(Run, RefusesAHeaderThatIsNoneOrItsOwn) {
  for (const std::string wrong : {"If-Match", "If-Match:", ": x", "A B: x", "X: a\r\nY: b", "host: x",
                                  "Content-Length: 1", "Authorization: Bearer x"}) {
    EXPECT_EQ(here({"api", "GET", "/v1/x", "-H", wrong}).exit, Exit::usage) << wrong;
  }
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Run, RefusesARequestThatWouldBreakItsOwnForm) {
  EXPECT_EQ(here({"api", "GET", "v1/status"}).exit, Exit::usage);
  EXPECT_EQ(here({"api", "GET", "/v1/x HTTP/1.1\r\nX-Evil: 1"}).exit, Exit::usage);
  EXPECT_EQ(here({"api", "GE T", "/v1/x"}).exit, Exit::usage);
  EXPECT_EQ(here({"api", "POST", "/v1/x", "-d", "@/nonexistent"}).exit, Exit::failed);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(Run, AsksNoMorePagesOnceNobodyReads) {
  daemon_.answer("GET /v1/connections?limit=1000", page({kOpen}, "c2"));
  daemon_.answer("GET /v1/connections?limit=1000&cursor=c2", page({kOpen}, "c3"));

  const auto ran = here({"conn"}, {.reader_leaves_after = 0});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(daemon_.asked(), ElementsAre("GET /v1/connections?limit=1000"));
}

}  // namespace
}  // namespace tcpctl::ctl::test
