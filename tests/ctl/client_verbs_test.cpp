// SPDX-License-Identifier: Apache-2.0
// tcpctl client and tcpctl listener: what they do.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "answers.hpp"
#include "ctl/json.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ClientVerbs : public ::testing::Test {
 protected:
  ClientVerbs() { daemon_.answer("POST /v1/clients/feed/send", std::string{R"({"sent_bytes": 4})"}); }
  [[nodiscard]] Ran here(std::vector<std::string> words, const Around& around = {}) const {
    words.insert(words.begin(), {"--host", daemon_.host()});
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(ClientVerbs, PauseResumeAndReconnectByPost) {
  for (const std::string verb : {"pause", "resume", "reconnect"}) {
    daemon_.answer("POST /v1/clients/feed/" + verb, kFeed);
    const auto ran = here({"client", verb, "feed"});
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_THAT(ran.out, StartsWith("client feed: "));
  }
  for (const std::string verb : {"pause", "resume", "drain"}) {
    daemon_.answer("POST /v1/listeners/web/" + verb, kWeb);
    const auto ran = here({"listener", verb, "web"});
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_THAT(ran.out, StartsWith("listener web: "));
  }
}

TEST_F(ClientVerbs, SendTextAsItIs) {
  const auto ran = here({"client", "send", "feed", "PING"});

  EXPECT_EQ(ran.out, "client feed: took 4 bytes\n");
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"base64": "UElORw=="})"));
}

TEST_F(ClientVerbs, SendALineFeedOnlyIfAskedTo) {
  (void)here({"client", "send", "feed", "PING", "--line"});

  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"base64": "UElORwo="})"));
}

TEST_F(ClientVerbs, SendAndWaitForThePeersAcknowledgement) {
  for (const std::string wait : {"--wait-ack", "--wait-ack=5s"}) {
    daemon_.answer(
        "POST /v1/clients/feed/send?wait_ack=5s",
        std::string{
            R"({"sent_bytes": 4, "kernel_bytes": 3, "acked": true, "acked_after_ms": 0.41, "ended": null})"});
    const auto ran = here({"client", "send", "feed", wait, "PING"});
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_EQ(ran.out,
              "client feed: took 4 bytes, the kernel 3 of them, the rest waits; the peer acknowledged them "
              "after 0.41 ms\n");
  }
}

TEST_F(ClientVerbs, FailWhereThePeerAcknowledgesNothing) {
  daemon_.answer(
      "POST /v1/clients/feed/send?wait_ack=100ms",
      std::string{
          R"({"sent_bytes": 4, "kernel_bytes": 4, "acked": false, "acked_after_ms": null, "ended": null})"});
  const auto late = here({"client", "send", "feed", "PING", "--wait-ack=100ms"});
  EXPECT_EQ(late.exit, Exit::failed);
  EXPECT_THAT(late.err, HasSubstr("client feed: not acknowledged; nothing within 100ms"));

  daemon_.answer(
      "POST /v1/clients/feed/send?wait_ack=100ms",
      std::string{
          R"({"sent_bytes": 4, "kernel_bytes": 4, "acked": false, "acked_after_ms": null, "ended": "peer_rst"})"});
  EXPECT_THAT(here({"client", "send", "feed", "PING", "--wait-ack=100ms"}).err,
              HasSubstr("the connection ended before: peer_rst"));
  EXPECT_EQ(here({"client", "send", "feed", "PING", "--wait-ack=5"}).exit, Exit::usage);
  EXPECT_EQ(here({"client", "send", "feed", "PING", "--wait-ack=1h"}).exit, Exit::usage);
}

TEST_F(ClientVerbs, SendBytesOfStdinAndOfAFile) {
  using namespace std::string_literals;
  (void)here({"client", "send", "feed", "-"}, {.stdin_text = "\0\xff\n"s});
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"base64": "AP8K"})"));

  std::string path = std::filesystem::temp_directory_path() / "tcpctl-send-XXXXXX";
  const Fd made{::mkstemp(path.data())};
  std::ofstream{path, std::ios::binary} << "\xff\n";
  (void)here({"client", "send", "feed", "-f", path});
  EXPECT_THAT(daemon_.last(), HasSubstr(R"({"base64": "/wo="})"));
  std::filesystem::remove(path);
}

TEST_F(ClientVerbs, SendNothingThatIsNotSaidOrTooMuch) {
  EXPECT_EQ(here({"client", "send", "feed"}).exit, Exit::usage);
  EXPECT_EQ(here({"client", "send", "feed", "PING", "-f", "x"}).exit, Exit::usage);
  EXPECT_EQ(here({"client", "send", "feed", "-f", "/nonexistent"}).exit, Exit::failed);
  EXPECT_EQ(here({"client", "send", "feed", "-f", "/"}).exit, Exit::failed);
  EXPECT_EQ(here({"client", "send", "feed", "-"}, {.stdin_text = std::string(600'000, 'x')}).exit,
            Exit::failed);
  EXPECT_THAT(daemon_.asked(), IsEmpty());
}

TEST_F(ClientVerbs, PrintReceivedBytesRawToAPipeAndEscapedToATerminal) {
  daemon_.answer(
      "GET /v1/clients/feed/received",
      std::string{R"({"from": 0, "next": 5, "lost_bytes": 0, "text": "x", "base64": "G1sySgo="})"});

  EXPECT_EQ(here({"client", "received", "feed"}).out, "\x1b[2J\n");
  EXPECT_EQ(here({"client", "received", "feed"}, {.terminal = true}).out, "\\x1b[2J\n");
}

TEST_F(ClientVerbs, TellThatReceivedBytesAreGone) {
  daemon_.answer("GET /v1/clients/feed/received?from=5",
                 std::string{R"({"from": 10, "next": 11, "lost_bytes": 5, "text": "x", "base64": "eA=="})"});

  const auto ran = here({"client", "received", "feed", "--from", "5"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "x");
  EXPECT_THAT(ran.err, HasSubstr("5 bytes are missing here"));
  EXPECT_EQ(here({"client", "received", "feed", "--from", "-1"}).exit, Exit::usage);
}

TEST_F(ClientVerbs, FailWhereAProbeFails) {
  daemon_.answer("POST /v1/clients/smtp-check/run", kProbe);

  const auto ran = here({"client", "run", "smtp-check"});

  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.out, HasSubstr("L7TOUT, failed"));
  EXPECT_EQ(here({"client", "run", "smtp-check", "-o", "json"}).exit, Exit::failed);
}

TEST_F(ClientVerbs, AnswerJsonWhereItIsAskedFor) {
  daemon_.answer("POST /v1/clients/feed/pause", kFeed);

  const auto json = Json::parse(here({"-o", "json", "client", "pause", "feed"}).out);

  ASSERT_TRUE(json);
  EXPECT_EQ(json->text("name"), "feed");
}

}  // namespace
}  // namespace tcpctl::ctl::test
