// SPDX-License-Identifier: Apache-2.0
#include "ctl/received.hpp"

#include <csignal>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include "ctl/base64.hpp"
#include "fake_daemon.hpp"
#include "run_tcpctl.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kTake = "POST /v1/clients/feed/received";

class Received : public ::testing::Test {
 protected:
  /// To `?from=`, "" for the first request.
  void answer(const std::string& query, int from, const std::string& bytes, int lost = 0,
              const std::string& taken = "null") {
    daemon_.answer("GET /v1/clients/feed/received" + query,
                   R"({"from": )" + std::to_string(from) + R"(, "next": )" +
                       std::to_string(from + static_cast<int>(bytes.size())) + R"(, "lost_bytes": )" +
                       std::to_string(lost) + R"(, "overwritten_total": 0, "taken": )" + taken +
                       R"(, "text": "", "base64": ")" + to_base64(bytes) + "\"}");
  }
  [[nodiscard]] Ran follow(const Around& around = {}, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"--host", daemon_.host(), "client", "received", "feed", "-f"};
    words.insert(words.end(), more.begin(), more.end());
    return tcpctl(words, around);
  }
  FakeDaemon daemon_;
};

TEST_F(Received, IsFollowedFromOnePieceToTheNext) {
  answer("", 0, "one\n");
  answer("?from=4", 4, "two\n");  // what comes after has no answer, and ends it

  const auto ran = follow();

  EXPECT_EQ(ran.out, "one\ntwo\n");
  EXPECT_EQ(ran.exit, Exit::not_found);
}

TEST_F(Received, IsPrintedWholeWhereOneAnswerHasNoRoomForAll) {
  const std::string most(std::size_t{1} << 20U, 'x');
  answer("", 0, most);
  answer("?from=1048576", 1048576, "the rest");

  const auto ran = tcpctl({"--host", daemon_.host(), "client", "received", "feed"});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out.size(), most.size() + 8);
}

TEST_F(Received, TellsWhatWasOverwrittenMeanwhile) {
  answer("?from=3", 10, "x", 7);

  const auto ran = follow({}, {"--from", "3"});

  EXPECT_EQ(ran.out, "x");
  EXPECT_THAT(ran.err, HasSubstr("7 bytes are missing here: later ones took their place\n"));
}

TEST_F(Received, IsFitForATerminalAlsoWhereAPieceEndsInACharacter) {
  answer("", 0, "\x1b[2J\xe2\x82");
  answer("?from=6", 6, "\xac");

  EXPECT_EQ(follow({.terminal = true}).out, "\\x1b[2J€");
}

TEST_F(Received, SaysWhenTheDaemonIsGone) {
  answer("", 0, "one\n");
  daemon_.answer_raw("GET /v1/clients/feed/received?from=4", "");

  const auto ran = follow();

  EXPECT_EQ(ran.out, "one\n");
  EXPECT_EQ(ran.exit, Exit::unreachable);
  EXPECT_THAT(ran.err, HasSubstr(daemon_.host()));
}

TEST_F(Received, WaitsForADaemonThatIsBusy) {
  answer("", 0, "");
  daemon_.answer("GET /v1/clients/feed/received?from=0", problem(504, "a loop is busy"));
  auto running = std::async(std::launch::async, [&] { return follow(); });
  while (daemon_.asked().size() < 3) std::this_thread::yield();
  answer("?from=0", 0, "one\n");

  EXPECT_EQ(running.get().out, "one\n");
}

TEST_F(Received, BeginsAnewWhereTheClientDid) {
  answer("?from=100", 0, "");
  answer("?from=0", 0, "new");

  const auto ran = follow({}, {"--from", "100"});

  EXPECT_EQ(ran.out, "new");
  EXPECT_THAT(ran.err, HasSubstr("made anew"));
}

TEST_F(Received, EndsWhereNobodyReads) {
  answer("", 0, "one\n");
  answer("?from=4", 4, "two\n");

  const auto ran = follow({.reader_leaves_after = 4});

  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_EQ(ran.out, "one\n");
}

TEST_F(Received, EndsWellWhenItIsInterrupted) {
  answer("", 0, "");
  answer("?from=0", 0, "");
  const auto follower = ::pthread_self();
  auto interrupting = std::async(std::launch::async, [&] {
    while (daemon_.asked().size() < 2) std::this_thread::yield();
    return ::pthread_kill(follower, SIGINT);
  });

  const auto ran = follow();

  EXPECT_EQ(interrupting.get(), 0);
  EXPECT_EQ(ran.exit, Exit::done);
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Received, IsTakenPieceByPieceOnceItIsPrintedWhereThePeerWaitsForThat) {
  answer("", 0, "one\n", 0, "0");
  answer("?from=4", 4, "two\n", 0, "4");
  daemon_.answer(kTake, R"({"taken": 4, "untaken_bytes": 4})");

  const auto ran = follow();

  EXPECT_EQ(ran.out, "one\ntwo\n");
  EXPECT_THAT(daemon_.asked(),
              ElementsAre("GET /v1/clients/feed/received", kTake, "GET /v1/clients/feed/received?from=4",
                          kTake, "GET /v1/clients/feed/received?from=8"));
}

TEST_F(Received, IsNotTakenWhereNobodyReadsIt) {
  answer("", 0, "one\n", 0, "0");

  (void)follow({.reader_leaves_after = 0});

  EXPECT_THAT(daemon_.asked(), Not(Contains(kTake)));
}

TEST_F(Received, IsTakenOnlyOnRequestWhereItIsNotFollowed) {
  answer("", 0, "one\n", 0, "0");
  daemon_.answer(kTake, R"({"taken": 4, "untaken_bytes": 0})");
  const auto received = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--host", daemon_.host(), "client", "received", "feed"});
    EXPECT_EQ(tcpctl(more).exit, Exit::done);
    return daemon_.last();
  };

  EXPECT_THAT(received({}), StartsWith("GET"));
  EXPECT_THAT(received({"--take"}), AllOf(StartsWith("POST"), EndsWith(R"({"upto": 4})")));
  EXPECT_THAT(received({"-o", "json"}), StartsWith("GET"));
  EXPECT_THAT(received({"-o", "json", "--take"}), AllOf(StartsWith("POST"), EndsWith(R"({"upto": 4})")));
}

TEST_F(Received, IsJsonALineWhereThatIsWanted) {
  answer("", 0, "one\n");

  const auto ran = follow({}, {"-o", "json"});

  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  EXPECT_EQ(Json::parse(ran.out).value_or(Json{}).count("next"), 4U);
}

}  // namespace
}  // namespace tcpctl::ctl::test
