// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Conversation;
using test::make_service;
using test::refusal;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kMail = R"(steps = [
  { send = "220 mail\r\n" }, { expect = "^HELO " }, { send = "250 hello\r\n" }, { expect = "^QUIT" }])";

TEST(Script, AnswersAsItsStepsSay) {
  Conversation talk{make_service("script", kMail)};

  talk.open();
  EXPECT_EQ(talk.session.sent, "220 mail\r\n");
  talk.say("HELO me\r\n");
  EXPECT_EQ(talk.session.sent, "220 mail\r\n250 hello\r\n");
  EXPECT_FALSE(talk.session.finished);
  talk.say("QUIT\r\n");

  EXPECT_TRUE(talk.session.finished);
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
  EXPECT_FALSE(talk.session.was_reset);
}

TEST(Script, SaysWhichStepWasNotMetByThePeersFin) {
  Conversation talk{make_service("script", kMail)};

  talk.open();
  talk.say("EHLO \x01me\r\n");
  talk.fin();

  EXPECT_EQ(talk.session.end, ServiceEnd::script_mismatch);
  EXPECT_EQ(talk.session.detail, R"(step 2: expected a match, got the peer's FIN after 'EHLO \x01me\r\n')");
}

TEST(Script, SaysWhatItRejected) {
  Conversation talk{make_service("script", R"(steps = [{ reject = "^BAD" }, { expect = "^GOOD" }])")};

  talk.open();
  talk.say("BAD\n");

  EXPECT_EQ(talk.session.end, ServiceEnd::script_mismatch);
  EXPECT_EQ(talk.session.detail, R"(step 1: expected anything else, got 'BAD\n')");
}

TEST(Script, FailsWhereTheWindowIsFullOfSomethingElse) {
  Conversation talk{make_service("script", R"(steps = [{ expect = "GOOD" }])")};

  talk.open();
  talk.say(std::string(65'536, 'x'));

  EXPECT_EQ(talk.session.end, ServiceEnd::script_mismatch);
  EXPECT_THAT(talk.session.detail, StartsWith("step 1: expected a match, got 'xxx"));
  EXPECT_LT(talk.session.detail.size(), 2000U);
}

TEST(Script, NeverShowsWhatAStepExpectedOrSent) {
  Conversation talk{make_service("script", R"(steps = [{ send = "hidden" }, { expect = "^secret" }])")};

  talk.open();
  talk.say("wrong\n");
  talk.fin();

  EXPECT_THAT(talk.session.detail, Not(HasSubstr("secret")));
  EXPECT_THAT(talk.session.detail, Not(HasSubstr("hidden")));
}

TEST(Script, LetsTimePassWhereItIsToldToWait) {
  Conversation talk{make_service("script", R"(steps = [{ wait = "150ms" }, { send = "late" }])")};

  talk.open();
  talk.pass(149ms);
  EXPECT_EQ(talk.session.sent, "");
  talk.pass(1ms);

  EXPECT_EQ(talk.session.sent, "late");
  EXPECT_TRUE(talk.session.finished);
}

TEST(Script, EndsWhenItsTimeIsOver) {
  Conversation talk{make_service("script", "max_time = '2s'\n" + kMail)};

  talk.open();
  talk.say("HE");
  talk.pass(2s);

  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
  EXPECT_EQ(talk.session.detail, "step 2: expected a match within max_time, got 'HE'");
}

TEST(Script, EndsWhenItHasReceivedTooMuch) {
  Conversation talk{make_service("script", "max_bytes = '100B'\nrepeat = 0\nsteps = [{ expect = '^x+$' }]")};

  talk.open();
  for (int i = 0; i < 11; ++i) talk.say("xxxxxxxxx\n");

  EXPECT_EQ(talk.session.end, ServiceEnd::limit);
  EXPECT_EQ(talk.session.detail, "max_bytes received");
}

TEST(Script, EndsBeforeItSendsTooMuch) {
  Conversation talk{make_service(
      "script", "max_bytes = '5B'\nsteps = [{ send = '123' }, { expect = 'x' }, { send = '456' }]")};

  talk.open();
  talk.say("x");

  EXPECT_EQ(talk.session.sent, "123");
  EXPECT_EQ(talk.session.detail, "max_bytes sent");
}

TEST(Script, SendsNoMoreThanThePeerReads) {
  std::string steps = "steps = [";
  for (int i = 0; i < 100; ++i) steps += "{ send = '" + std::string(1000, 'x') + "' }, ";
  Conversation talk{make_service("script", steps + "]")};
  talk.session.capacity = 5000;

  talk.open();
  EXPECT_EQ(talk.session.sent.size(), 5000U);
  talk.read_all();
  EXPECT_EQ(talk.session.sent.size(), 10'000U);
  for (int i = 0; i < 18; ++i) talk.read_all();

  EXPECT_EQ(talk.session.sent.size(), 100'000U);
  EXPECT_TRUE(talk.session.finished);
}

TEST(Script, ResetsWhereItIsToldTo) {
  Conversation talk{
      make_service("script", R"(steps = [{ expect = "x" }, { send = "y" }, { reset = true }])")};

  talk.open();
  talk.say("x");

  EXPECT_EQ(talk.session.sent, "y");
  EXPECT_TRUE(talk.session.was_reset);
}

TEST(Script, ReadsOnBehindItsOwnFin) {
  Conversation talk{
      make_service("script", R"(steps = [{ close = true }, { expect = "x" }, { expect_eof = true }])")};

  talk.open();
  EXPECT_TRUE(talk.session.ended_sending);
  EXPECT_FALSE(talk.session.finished);
  talk.say("x");
  talk.fin();

  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

TEST(Script, RepeatsUntilThePeerHasEnough) {
  Conversation talk{make_service("script", R"(repeat = 0
      steps = [{ expect = "^PING" }, { send = "PONG\n" }])")};

  talk.open();
  for (int i = 0; i < 5; ++i) talk.say("PING\n");
  talk.fin();

  EXPECT_EQ(talk.session.sent, "PONG\nPONG\nPONG\nPONG\nPONG\n");
  EXPECT_EQ(talk.session.end, ServiceEnd::done);
}

TEST(Script, TakesEveryRoundOfAPeerThatDoesNotWait) {
  Conversation talk{make_service("script", R"(repeat = 3000
      steps = [{ expect = "^PING" }, { send = "PONG\n" }])")};
  std::string pings;
  for (int i = 0; i < 3000; ++i) pings += "PING\n";

  talk.open();
  talk.say(pings);
  for (int i = 0; i < 10 && !talk.session.finished; ++i) talk.pass(0ms);

  EXPECT_EQ(talk.session.sent.size(), pings.size());
  EXPECT_TRUE(talk.session.finished);
}

TEST(Script, CallsItsTimeScript) { EXPECT_EQ(make_service("script", kMail)->phase(), ServicePhase::script); }

TEST(Script, NeedsSteps) { EXPECT_THAT(refusal("script", ""), HasSubstr("a script needs steps")); }

TEST(Script, RefusesToRepeatWhatEndsTheConnection) {
  EXPECT_THAT(refusal("script", "repeat = 2\nsteps = [{ wait = '1s' }, { reset = true }]"),
              HasSubstr("end the connection"));
}

TEST(Script, RefusesToRepeatWhatWaitsForNothing) {
  EXPECT_THAT(refusal("script", "repeat = 0\nsteps = [{ send = 'x' }]"), HasSubstr("flood"));
}

TEST(Script, RefusesAStepThatIsNone) {
  EXPECT_THAT(refusal("script", "steps = [{ sned = 'x' }]"), HasSubstr("did you mean 'send'?"));
}

}  // namespace
}  // namespace tcpctl
