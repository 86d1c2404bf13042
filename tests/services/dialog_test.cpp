// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Conversation;
using test::make_service;
using test::refusal;

constexpr auto kHello = R"(
greeting = "Welcome!\n"
reply = "Hello, {line}!\n"
quit = "exit"
)";

Conversation dialog(const std::string& options = kHello) {
  Conversation talk{make_service("dialog", options)};
  talk.open();
  return talk;
}

TEST(Dialog, GreetsAnswersAndEndsAtTheQuitLine) {
  auto talk = dialog();

  talk.say("Ada\nexit\n");

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, Ada!\n");
  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

TEST(Dialog, TakesCrLfAsTheEndOfALine) {
  auto talk = dialog();

  talk.say("Ada\r\nexit\r\n");

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, Ada!\n");
  EXPECT_TRUE(talk.session.finished);
}

TEST(Dialog, WaitsForTheEndOfALine) {
  auto talk = dialog();

  talk.say("Gra");
  EXPECT_EQ(talk.session.sent, "Welcome!\n");
  talk.say("ce\n");

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, Grace!\n");
}

TEST(Dialog, AnswersAnEmptyLineToo) {
  auto talk = dialog();

  talk.say("\n");

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, !\n");
}

TEST(Dialog, EndsOnlyAtTheWholeQuitLine) {
  auto talk = dialog();

  talk.say("exit now\nEXIT\n");

  EXPECT_FALSE(talk.session.finished);
}

TEST(Dialog, AnswersNothingAfterTheQuitLine) {
  auto talk = dialog();

  talk.say("exit\nAda\n");
  talk.fin();

  EXPECT_EQ(talk.session.sent, "Welcome!\n");
}

TEST(Dialog, AnswersTheLastUnterminatedLineAtThePeersFin) {
  auto talk = dialog();

  talk.say("Ada\nGrace");
  talk.fin();

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, Ada!\nHello, Grace!\n");
  EXPECT_TRUE(talk.session.finished);
}

TEST(Dialog, AnswersNoUnterminatedQuitLine) {
  auto talk = dialog();

  talk.say("exit");
  talk.fin();

  EXPECT_EQ(talk.session.sent, "Welcome!\n");
  EXPECT_TRUE(talk.session.finished);
}

TEST(Dialog, AnswersNothingAtAFinBehindAWholeLine) {
  auto talk = dialog();

  talk.say("Ada\n");
  talk.fin();

  EXPECT_EQ(talk.session.sent, "Welcome!\nHello, Ada!\n");
}

TEST(Dialog, FillsInThePeerAndTheNumberOfTheMessage) {
  Conversation talk{make_service("dialog", R"(reply = "{n} {peer} {line}\n")")};
  talk.session.peer = *parse_ip_port("127.0.0.1:5000");

  talk.open();
  talk.say("a\nb\n");

  EXPECT_EQ(talk.session.sent, "1 127.0.0.1:5000 a\n2 127.0.0.1:5000 b\n");
}

TEST(Dialog, RepeatsTheLineIfNothingElseIsConfigured) {
  auto talk = dialog("");

  talk.say("Ada\n");

  EXPECT_EQ(talk.session.sent, "Ada\n");
}

TEST(Dialog, StaysSilentWithAnEmptyReply) {
  auto talk = dialog(R"(reply = "")");

  talk.say("Ada\n");

  EXPECT_EQ(talk.session.sent, "");
  EXPECT_EQ(talk.unread(), "");
}

TEST(Dialog, EndsAtALineLongerThanMaxLine) {
  auto talk = dialog(R"(max_line = "4B")");

  talk.say("four\nfives\n");

  EXPECT_EQ(talk.session.sent, "four\n");
  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
}

TEST(Dialog, TakesNoMoreLinesWhileThePeerDoesNotRead) {
  auto talk = dialog(R"(reply = "{line}\n")");
  talk.session.capacity = 5;

  talk.say("one\ntwo\nthree\n");

  EXPECT_EQ(talk.session.sent, "one\ntwo\n");
  EXPECT_EQ(talk.unread(), "three\n");
}

TEST(Dialog, AnswersTheRestOnceThePeerHasReadEvenBehindAFin) {
  auto talk = dialog(R"(reply = "{line}\n")");
  talk.session.capacity = 1;

  talk.say("one\ntwo\nthr");
  talk.fin();
  EXPECT_EQ(talk.session.sent, "one\n");
  talk.read_all();
  talk.read_all();

  EXPECT_EQ(talk.session.sent, "one\ntwo\nthr\n");
  EXPECT_TRUE(talk.session.finished);
}

TEST(Dialog, TakesEachReadAsAMessageIfAskedTo) {
  auto talk = dialog(R"(reply = "<{line}>"
framing = "read")");

  talk.say("Ada");
  talk.say("a\nb\n");

  EXPECT_EQ(talk.session.sent, "<Ada><a\nb\n>");
}

TEST(Dialog, EndsAtAReadThatIsTheQuitMessageWithOrWithoutANewline) {
  for (const std::string quit : {"exit", "exit\n", "exit\r\n"}) {
    auto talk = dialog("quit = \"exit\"\nframing = \"read\"");

    talk.say(quit);

    EXPECT_EQ(talk.session.sent, "");
    EXPECT_TRUE(talk.session.finished);
  }
}

TEST(Dialog, CutsAReadAtMaxLine) {
  auto talk = dialog(R"(reply = "<{line}>"
framing = "read"
max_line = "4B")");

  talk.say("sixbyt");
  talk.read_all();

  EXPECT_EQ(talk.session.sent, "<sixb><yt>");
}

TEST(Dialog, TakesNoReadWhileThePeerDoesNotRead) {
  auto talk = dialog("framing = \"read\"");
  talk.session.capacity = 1;

  talk.say("one");
  talk.say("two");

  EXPECT_EQ(talk.unread(), "two");
}

TEST(Dialog, RefusesAReplyWithAPlaceThatDoesNotExist) {
  EXPECT_EQ(refusal("dialog", R"(reply = "Hi {who}")"),
            "unknown placeholder '{who}'; there are {line}, {peer} and {n}, and '{{' for a brace");
}

TEST(Dialog, RefusesAQuitLineThatCannotBeMet) {
  EXPECT_EQ(refusal("dialog", R"(quit = "exit\n")"), "a line has no line end in it; leave out the '\\n'");
  EXPECT_EQ(refusal("dialog", "quit = \"exit\\n\"\nframing = \"read\""), "");
}

TEST(Dialog, RefusesAMaxLineOutOfBounds) {
  EXPECT_NE(refusal("dialog", R"(max_line = "0")"), "");
  EXPECT_NE(refusal("dialog", R"(max_line = "2MiB")"), "");
}

TEST(Dialog, EndsAfterTheAnswerToItsLastMessage) {
  Conversation talk{make_service("dialog", "reply = '{n};'\nmax_messages = 2")};

  talk.open();
  talk.say("a\n");
  EXPECT_FALSE(talk.session.finished);
  talk.say("b\nc\n");

  EXPECT_EQ(talk.session.sent, "1;2;");
  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
  EXPECT_EQ(talk.session.detail, "max_messages reached");
}

TEST(Dialog, CountsReadsAsMessagesWhereItIsFramedByReads) {
  Conversation talk{make_service("dialog", "reply = '{n};'\nframing = 'read'\nmax_messages = 2")};

  talk.open();
  talk.say("a");
  talk.say("b");

  EXPECT_EQ(talk.session.sent, "1;2;");
  EXPECT_EQ(talk.session.detail, "max_messages reached");
}

TEST(Dialog, EndsOnceItHasReceivedTooMuch) {
  Conversation talk{make_service("dialog", "reply = ''\nmax_bytes = '10B'")};

  talk.open();
  talk.say("12345678\n");
  EXPECT_FALSE(talk.session.finished);
  talk.say("0\n");

  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
  EXPECT_EQ(talk.session.detail, "max_bytes reached");
}

TEST(Dialog, EndsWhenItsTimeIsOver) {
  Conversation talk{make_service("dialog", "max_time = '10s'")};

  talk.open();
  talk.pass(9s);
  EXPECT_FALSE(talk.session.finished);
  talk.pass(1s);

  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
  EXPECT_EQ(talk.session.detail, "max_time reached");
}

TEST(Dialog, AsksForNoTimerWithoutALimitOfTime) {
  Conversation talk{make_service("dialog")};

  talk.open();
  talk.say("a\n");

  EXPECT_FALSE(talk.session.wake);
}

}  // namespace
}  // namespace tcpctl
