// SPDX-License-Identifier: Apache-2.0
#include "steps/runner.hpp"

#include <gmock/gmock.h>

#include "support/options.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr auto kTimeout = 5s;

/// A runner with a clock that only the test moves.
class Trial {
 public:
  explicit Trial(const std::string& list, StepRun run = {}) : runner{parse(list), run} {}

  Trial& start() {
    runner.start(clock, clock + kTimeout);
    return *this;
  }
  Trial& receive(std::string_view bytes) {
    runner.on_data(as_bytes(bytes), clock);
    return *this;
  }
  Trial& fin() {
    runner.on_eof(clock);
    return *this;
  }
  /// Lets time pass and keeps the appointment that the runner asked for, if it is over.
  Trial& after(Duration duration) {
    clock += duration;
    if (runner.deadline() && *runner.deadline() <= clock) runner.on_timeout(clock);
    return *this;
  }
  [[nodiscard]] std::string result() const { return std::string{runner.result().result}; }
  [[nodiscard]] std::optional<std::uint32_t> failed_step() const { return runner.result().failed_step; }

  StepRunner runner;
  Instant clock{};

 private:
  static Steps parse(const std::string& list) {
    const test::Options options{"steps = " + list, step_keys()};
    return parse_steps(options.reader()).value();
  }
};

TEST(Runner, TakesTheStepsOfAMailServerCheck) {
  Trial run{R"([{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect = "^221 " }, { expect_eof = true }])"};

  run.start();
  EXPECT_EQ(run.runner.take_output(), "");
  run.after(10ms).receive("220 mail.example\r\n");
  EXPECT_EQ(run.runner.take_output(), "QUIT\r\n");
  run.after(5ms).receive("221 bye\r\n").after(1ms).fin();

  EXPECT_TRUE(run.runner.finished());
  EXPECT_TRUE(run.runner.result().success);
  EXPECT_EQ(run.result(), "L7OK");
  EXPECT_EQ(run.failed_step(), std::nullopt);
  EXPECT_EQ(run.runner.result().took, 16ms);
}

TEST(Runner, ReportsEachStepWithItsTime) {
  Trial run{R"([{ expect = "^220 " }, { send = "QUIT\r\n" }, { expect = "^221 " }])"};

  run.start().after(10ms).receive("220 x\r\n").after(5ms).receive("221 y\r\n");

  const auto& steps = run.runner.result().steps;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].n, 1U);
  EXPECT_EQ(steps[0].kind, StepKind::expect);
  EXPECT_TRUE(steps[0].ok);
  EXPECT_EQ(steps[0].took, 10ms);
  EXPECT_EQ(steps[1].took, 0ms);
  EXPECT_EQ(steps[2].n, 3U);
  EXPECT_EQ(steps[2].took, 5ms);
}

TEST(Runner, SucceedsAtOnceWithoutSteps) {
  Trial run{"[]"};

  run.start();

  EXPECT_TRUE(run.runner.result().success);
  EXPECT_EQ(run.result(), "L4OK");
}

TEST(Runner, FailsAtTheDeadlineAndShowsWhatCameInstead) {
  Trial run{R"([{ expect = "^220 " }])"};

  run.start().receive("SSH-2.0-x\r\n").after(kTimeout);

  EXPECT_FALSE(run.runner.result().success);
  EXPECT_EQ(run.result(), "L7TOUT");
  EXPECT_EQ(run.failed_step(), 1U);
  EXPECT_EQ(run.runner.result().got, "SSH-2.0-x\\r\\n");
  EXPECT_EQ(run.runner.result().took, kTimeout);
  EXPECT_FALSE(run.runner.result().steps.back().ok);
}

TEST(Runner, DoesNotFailBeforeItsDeadline) {
  Trial run{R"([{ expect = "^220 " }])"};

  run.start().after(kTimeout - 1ns);
  run.runner.on_timeout(run.clock);

  EXPECT_FALSE(run.runner.finished());
  EXPECT_EQ(run.runner.deadline(), run.clock + 1ns);
}

TEST(Runner, FailsAtAFinThatComesTooEarly) {
  Trial run{R"([{ expect = "^220 " }])"};

  run.start().receive("421 no\r\n").fin();

  EXPECT_EQ(run.result(), "L7EOF");
  EXPECT_EQ(run.failed_step(), 1U);
  EXPECT_EQ(run.runner.result().got, "421 no\\r\\n");
}

TEST(Runner, FailsWhenTheConnectionIsLost) {
  Trial run{R"([{ send = "x" }, { expect_eof = true }])"};

  run.start();
  run.runner.on_reset(run.clock);

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_EQ(run.failed_step(), 2U);
}

TEST(Runner, MatchesAcrossArrivals) {
  Trial run{R"([{ expect = "^220 ready" }])"};

  run.start().receive("22").receive("0 re").receive("ady\n");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, ConsumesTheWholeLineOfAMatch) {
  Trial run{R"([{ expect = "^250" }, { expect = "^250" }])"};

  run.start().receive("250-one 250\r\n");
  EXPECT_FALSE(run.runner.finished());
  run.receive("250 two\r\n");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, ConsumesNoMoreThanTheLineOfAMatchThatEndsInLf) {
  Trial run{R"([{ expect = "^a\n" }, { expect = "^b" }])"};

  run.start().receive("a\nb\n");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, SkipsTheLinesBeforeAMatch) {
  Trial run{R"([{ expect = "^two" }, { expect = "^one" }])"};

  run.start().receive("one\ntwo\n").after(kTimeout);

  EXPECT_EQ(run.failed_step(), 2U);
}

TEST(Runner, ConsumesToTheMatchWhereNoLfHasCome) {
  Trial run{R"([{ expect = "login: $" }, { send = "ada\n" }, { expect = "^Password: " }])"};

  run.start().receive("login: ");
  EXPECT_EQ(run.runner.take_output(), "ada\n");
  run.receive("Password: ");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, TakesTheRestOfALineForNoNewLine) {
  Trial run{R"([{ expect = "^2" }, { expect = "^2" }])"};

  run.start().receive("2").receive("2 still the first line\n");
  EXPECT_FALSE(run.runner.finished());
  run.receive("2\n");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, ComparesBytesExactly) {
  Trial run{R"([{ send_bytes = "00 ff" }, { expect_bytes = "ff 00 0a" }])"};

  run.start();
  EXPECT_EQ(run.runner.take_output(), std::string("\0\xff", 2));
  run.receive(std::string_view{"x\xff", 2}).receive(std::string_view{"\0\n", 2});

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, TakesAFullWindowAndFailsBeyondIt) {
  Trial fits{R"([{ expect = "needle" }])"};
  fits.start().receive(std::string(kStepWindow.count() - 6, 'x') + "needle");
  EXPECT_EQ(fits.result(), "L7OK");

  Trial exceeds{R"([{ expect = "needle" }])"};
  exceeds.start().receive(std::string(kStepWindow.count() - 5, 'x') + "needle");
  EXPECT_EQ(exceeds.result(), "L7RSP");
  EXPECT_EQ(exceeds.failed_step(), 1U);
}

TEST(Runner, ShowsABoundedPartOfWhatCame) {
  Trial run{R"([{ expect = "needle" }])"};

  run.start().receive(std::string(kStepWindow.count(), '\x01'));

  EXPECT_LE(run.runner.result().got.size(), 4 * 256 + 3U);
  EXPECT_THAT(run.runner.result().got, testing::StartsWith("\\x01\\x01"));
}

TEST(Runner, WaitsForTheFinThroughAnyAmountOfData) {
  Trial run{R"([{ expect_eof = true }])"};

  run.start();
  for (int i = 0; i < 10; ++i) run.receive(std::string(kStepWindow.count(), 'x'));
  EXPECT_FALSE(run.runner.finished());
  run.fin();

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, FailsIfTheFinDoesNotCome) {
  Trial run{R"([{ expect_eof = true }])"};

  run.start().receive("still here").after(kTimeout);

  EXPECT_EQ(run.result(), "L7TOUT");
  EXPECT_EQ(run.runner.result().got, "still here");
}

TEST(Runner, SeesAFinThatCameTogetherWithTheLastData) {
  Trial run{R"([{ expect = "bye" }, { expect_eof = true }])"};

  run.start().receive("bye and more\nand more").fin();

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, WaitsAsLongAsAStepSays) {
  Trial run{R"([{ wait = "100ms" }, { send = "now" }])"};

  run.start();
  EXPECT_EQ(run.runner.deadline(), run.clock + 100ms);
  run.after(99ms);
  EXPECT_EQ(run.runner.take_output(), "");
  run.after(1ms);

  EXPECT_EQ(run.runner.take_output(), "now");
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, KeepsWhatComesDuringAWaitForTheNextStep) {
  Trial run{R"([{ wait = "100ms" }, { expect = "^early" }])"};

  run.start().receive("early\n").after(100ms);

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, HoldsItsDeadlineDuringAWait) {
  Trial run{R"([{ wait = "1h" }])"};

  run.start().after(kTimeout);

  EXPECT_EQ(run.result(), "L7TOUT");
}

TEST(Runner, FailsAtARejectedMatchThatComesFirst) {
  Trial run{R"([{ send = "HELO x\n" }, { reject = "^5" }, { expect = "^250" }])"};

  run.start().receive("550 go away\n250 ok\n");

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_EQ(run.failed_step(), 2U);
  EXPECT_EQ(run.runner.result().got, "550 go away\\n250 ok\\n");
  EXPECT_FALSE(run.runner.result().steps.at(1).ok);
}

TEST(Runner, ForgetsARejectOnceTheExpectBehindItIsMet) {
  Trial run{R"([{ reject = "^5" }, { expect = "^250" }, { expect = "^5" }])"};

  run.start().receive("250 ok\n550 fine here\n");

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, RejectsDuringAWaitAndBeforeTheFinToo) {
  Trial wait{R"([{ reject = "^error" }, { wait = "1s" }])"};
  wait.start().receive("error\n");
  EXPECT_EQ(wait.result(), "L7RSP");

  Trial eof{R"([{ reject = "^error" }, { expect_eof = true }])"};
  eof.start().receive("fine\nerror\n");
  EXPECT_EQ(eof.failed_step(), 1U);
}

TEST(Runner, SucceedsWhereTheConnectionWasToBeRefused) {
  Trial run{"[{ expect_refused = true }]"};

  run.runner.on_refused(run.clock);

  EXPECT_TRUE(run.runner.result().success);
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, FailsWhereTheConnectionWasToBeRefusedAndStands) {
  Trial run{"[{ expect_refused = true }]"};

  run.start();

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_EQ(run.failed_step(), 1U);
}

TEST(Runner, FailsWhereTheConnectionIsRefused) {
  Trial run{R"([{ send = "x" }])"};

  run.runner.on_refused(run.clock);

  EXPECT_FALSE(run.runner.result().success);
  EXPECT_EQ(run.result(), "L4CON");
  EXPECT_THAT(run.runner.result().steps, IsEmpty());
}

TEST(Runner, IgnoresWhatHappensAfterTheEnd) {
  Trial run{R"([{ expect = "a" }])"};

  run.start().receive("a");
  run.receive("b").fin();
  run.runner.on_reset(run.clock);
  run.runner.on_timeout(run.clock + 1h);

  EXPECT_EQ(run.result(), "L7OK");
  EXPECT_EQ(run.runner.deadline(), std::nullopt);
}

TEST(Runner, EndsSendingAtACloseAndReadsOn) {
  Trial run{R"([{ send = "bye" }, { close = true }, { expect = "ok" }, { expect_eof = true }])"};

  run.start();
  EXPECT_EQ(run.runner.take_output(), "bye");
  EXPECT_TRUE(run.runner.ends_sending());
  EXPECT_FALSE(run.runner.finished());
  run.receive("ok").fin();

  EXPECT_EQ(run.result(), "L7OK");
  EXPECT_FALSE(run.runner.wants_reset());
}

TEST(Runner, WantsAResetOnceTheStepsBeforeAreTaken) {
  Trial run{R"([{ expect = "x" }, { send = "y" }, { reset = true }])"};

  run.start();
  EXPECT_FALSE(run.runner.wants_reset());
  run.receive("x");

  EXPECT_EQ(run.runner.take_output(), "y");
  EXPECT_TRUE(run.runner.wants_reset());
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, TakesItsStepsAsOftenAsItIsTold) {
  Trial run{R"([{ expect = "^PING" }, { send = "PONG\n" }])", {.rounds = 3}};

  run.start().receive("PING\nPING\n");
  EXPECT_EQ(run.runner.take_output(), "PONG\nPONG\n");
  EXPECT_FALSE(run.runner.finished());
  run.receive("PING\n");

  EXPECT_EQ(run.result(), "L7OK");
  EXPECT_EQ(run.runner.result().steps.size(), 2U) << "the reports are of the last round";
}

TEST(Runner, LetsThePeerGoBetweenTwoRounds) {
  Trial run{R"([{ expect = "^PING" }, { send = "PONG\n" }])", {.rounds = 0}};

  run.start().receive("PING\n").fin();

  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, FailsWhereThePeerGoesWithinARound) {
  Trial run{R"([{ expect = "^PING" }, { send = "PONG\n" }])", {.rounds = 0}};

  run.start().receive("PING\nPI").fin();

  EXPECT_EQ(run.result(), "L7EOF");
  EXPECT_EQ(run.runner.result().got, "PI");
}

TEST(Runner, FailsWhereThePeerGoesBeforeTheFirstRound) {
  Trial run{R"([{ expect = "^PING" }])", {.rounds = 0}};

  run.start().fin();

  EXPECT_EQ(run.result(), "L7EOF");
}

TEST(Runner, SendsNoMoreThanThereIsRoomFor) {
  Trial run{R"([{ send = "aaaa" }, { send = "bbbb" }, { send = "cccc" }])"};
  run.runner.set_room(5);

  run.start();
  EXPECT_TRUE(run.runner.waits_for_room());
  EXPECT_EQ(run.runner.take_output(), "aaaabbbb") << "whole steps, until the room is used up";
  run.runner.set_room(0);
  run.after(0s);
  run.runner.on_timeout(run.clock);
  EXPECT_EQ(run.runner.take_output(), "");
  run.runner.set_room(1);
  run.runner.on_timeout(run.clock);

  EXPECT_EQ(run.runner.take_output(), "cccc");
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, TakesNoMoreThanItsWindowWhileItWaitsForRoom) {
  Trial run{R"([{ send = "a" }, { expect = "x$" }])"};
  run.runner.set_room(0);
  run.start();
  const std::string much(kStepWindow.count() + 1000, '.');

  EXPECT_EQ(run.runner.on_data(as_bytes(much), run.clock), kStepWindow.count());
  EXPECT_EQ(run.runner.on_data(as_bytes(much), run.clock), 0U);
  EXPECT_FALSE(run.runner.finished());
}

TEST(Runner, TakesABoundedNumberOfStepsACallAndTheRestAtOnce) {
  Trial run{R"([{ expect = "x*" }, { send = "y" }])", {.rounds = 0}};

  run.start();
  EXPECT_EQ(run.runner.take_output().size(), StepRunner::kStepsPerCall / 2);
  ASSERT_TRUE(run.runner.deadline());
  EXPECT_LE(*run.runner.deadline(), run.clock);
  run.after(0s);

  EXPECT_EQ(run.runner.take_output().size(), StepRunner::kStepsPerCall / 2);
  EXPECT_FALSE(run.runner.finished());
}

TEST(Runner, SendsWhatItsGroupsMatched) {
  Trial run{
      R"([{ expect = '^id=(\d+) (?P<user>\w+)' }, { send = "LOGIN ${user}/${1}\n" }, { expect = '(.)k' },
                { send = "${1}${user}${1}" }])"};

  run.start().receive("hello\r\nid=42 ada and more\r\n");
  EXPECT_EQ(run.runner.take_output(), "LOGIN ada/42\n");
  run.receive("ok\r\n");
  EXPECT_EQ(run.runner.take_output(), "oadao");
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, SendsTheWholeOfAGroupThatComesByteByByte) {
  for (const auto* line : {"220 mail.example\r\n", "220 mail.example ready"}) {
    Trial run{R"([{ expect = '^220 (\S+)' }, { send = "EHLO ${1}\n" }])"};
    run.start();
    for (const char* byte = line; *byte != '\0'; ++byte) run.after(200ms).receive({byte, 1});

    EXPECT_EQ(run.runner.take_output(), "EHLO mail.example\n") << line;
  }
}

TEST(Runner, TakesAGroupAtTheEndOfAPromptOnceNothingMoreComes) {
  Trial run{R"([{ expect = 'PIN (\d+)$' }, { send = "${1}\n" }])"};

  run.start().receive("PIN 4");
  run.after(249ms).receive("2").after(249ms);
  EXPECT_EQ(run.runner.take_output(), "");
  run.after(1ms);

  EXPECT_EQ(run.runner.take_output(), "42\n");
}

TEST(Runner, TakesAGroupAtTheFinOrWhereTheTimeOfItsStepIsOver) {
  Trial at_fin{R"([{ expect = 'PIN (\d+)' }, { send = "${1}\n" }])"};
  Trial in_time{R"([{ expect = 'PIN (\d+)', timeout = "10ms" }, { send = "${1}\n" }])"};

  at_fin.start().receive("PIN 42").fin();
  in_time.start().receive("PIN 42").after(10ms);

  EXPECT_EQ(at_fin.runner.take_output(), "42\n");
  EXPECT_EQ(in_time.runner.take_output(), "42\n");
}

TEST(Runner, SendsNothingForAGroupThatTookNoPart) {
  Trial run{R"([{ expect = '(a)|(b)' }, { send = "<${1}${2}>" }])"};

  run.start().receive("b\n");

  EXPECT_EQ(run.runner.take_output(), "<b>");
}

TEST(Runner, SendsOfEachRoundWhatThatRoundMatched) {
  Trial run{R"([{ expect = '^(\w)?!' }, { send = "${1}." }])", {.rounds = 2}};

  run.start().receive("a!\n!\n");

  EXPECT_EQ(run.runner.take_output(), "a..");
}

TEST(Runner, FailsWhereGroupsAreLongerThanTheWindowTogether) {
  Trial run{R"([{ expect = '(?s)((a*)b)' }, { send = "${1}${2}" }])"};

  run.start().receive(std::string(40'000, 'a') + "b\n");

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_EQ(run.failed_step(), 1U);
  EXPECT_EQ(run.runner.result().got, "groups of more than 64 KiB");
}

TEST(Runner, FailsWhereATextToSendBecomesLongerThanTheWindow) {
  Trial run{R"([{ expect = '(a*)b' }, { send = "${1}${1}${1}" }])"};

  run.start().receive(std::string(30'000, 'a') + "b");

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_EQ(run.failed_step(), 2U);
  EXPECT_EQ(run.runner.take_output(), "");
}

TEST(Runner, HoldsAStepToItsOwnTimeout) {
  Trial run{R"([{ expect = "a", timeout = "1s" }, { expect = "b", timeout = "2s" }, { expect_eof = true }])"};

  run.start();
  EXPECT_EQ(run.runner.deadline(), Instant{} + 1s);
  run.after(900ms).receive("a\n");
  EXPECT_EQ(run.runner.deadline(), Instant{} + 2900ms);
  run.after(1999ms);
  EXPECT_FALSE(run.runner.finished());
  run.after(1ms);

  EXPECT_EQ(run.result(), "L7TOUT");
  EXPECT_EQ(run.failed_step(), 2U);
  EXPECT_EQ(run.runner.result().took, 2900ms);
}

TEST(Runner, HoldsAStepToTheTimeoutOfAllWhereThatIsSooner) {
  Trial run{R"([{ expect = "a", timeout = "1m" }])"};

  run.start();

  EXPECT_EQ(run.runner.deadline(), Instant{} + kTimeout);
}

TEST(Runner, LooksThroughMuchThatCameOnlyWhenItHasGrownOrAfterAPause) {
  Trial run{R"([{ reject = "^5" }, { expect = "needle" }])"};
  run.start().receive(std::string(60'000, 'x'));
  const auto before = run.runner.scans();

  for (int i = 0; i < 1000; ++i) run.receive("x");
  EXPECT_EQ(run.runner.scans(), before);
  EXPECT_LE(*run.runner.deadline(), run.clock + 50ms);
  run.after(50ms);
  EXPECT_EQ(run.runner.scans(), before + 1);
  for (int i = 0; i < 1000; ++i) run.receive("\n");

  EXPECT_EQ(run.runner.scans(), before + 1) << "lines cost as much";
}

TEST(Runner, LooksThroughAWindowAHandfulOfTimesHoweverItCame) {
  Trial run{R"([{ expect = "needle" }])"};

  run.start();
  for (std::size_t i = 0; i < kStepWindow.count(); ++i) run.receive("x");

  EXPECT_EQ(run.result(), "L7RSP");
  EXPECT_LE(run.runner.scans(), 4096U + 40U);
}

TEST(Runner, FindsAPromptBehindMuchElseInAMoment) {
  Trial run{R"([{ expect = "login: $" }, { send = "ada\n" }])"};

  run.start().receive(std::string(60'000, 'x')).receive("login: ");
  EXPECT_FALSE(run.runner.finished());
  run.after(50ms);

  EXPECT_EQ(run.runner.take_output(), "ada\n");
  EXPECT_EQ(run.result(), "L7OK");
}

TEST(Runner, HasLookedThroughAllBeforeItFails) {
  const auto nearly = [](const std::string& list) {
    auto run = std::make_unique<Trial>(list);
    run->start().receive(std::string(60'000, 'x')).receive("needle");
    EXPECT_FALSE(run->runner.finished());
    return run;
  };
  const auto* const list = R"([{ expect = "needle$" }])";

  const auto at_fin = nearly(list);
  at_fin->fin();
  EXPECT_EQ(at_fin->result(), "L7OK");
  const auto lost = nearly(list);
  lost->runner.on_reset(lost->clock);
  EXPECT_EQ(lost->result(), "L7OK");
  const auto late = nearly(list);
  late->clock += kTimeout;
  late->runner.on_timeout(late->clock);
  EXPECT_EQ(late->result(), "L7OK");
  const auto waits = nearly(R"([{ reject = "needle" }, { wait = "1ms" }])");
  waits->after(1ms);
  EXPECT_EQ(waits->result(), "L7RSP");
}

TEST(Runner, TellsWhyAStepFailed) {
  const auto cause = [](const std::string& list, const auto& happens) {
    Trial run{list};
    happens(run.start());
    return std::string{text(run.runner.result().cause.value())};
  };
  const auto* const line = R"([{ expect = "^220" }])";
  const auto* const bytes = R"([{ expect_bytes = "01 02" }])";

  EXPECT_EQ(cause(line, [](Trial& run) { run.receive("421 no\n").fin(); }), "eof");
  EXPECT_EQ(cause(line, [](Trial& run) { run.after(kTimeout); }), "timeout");
  EXPECT_EQ(cause(line, [](Trial& run) { run.runner.on_reset(run.clock); }), "reset");
  EXPECT_EQ(cause(line, [](Trial& run) { run.receive(std::string(kStepWindow.count(), 'x')); }), "overflow");
  EXPECT_EQ(cause(R"([{ reject = "^5" }, { expect = "^2" }])", [](Trial& run) { run.receive("5\n"); }),
            "mismatch");
  EXPECT_EQ(cause(bytes, [](Trial& run) { run.receive("x").fin(); }), "eof");
  EXPECT_EQ(cause(bytes, [](Trial& run) { run.receive("xy").fin(); }), "mismatch");
  EXPECT_EQ(cause(bytes, [](Trial& run) { run.receive("xy").after(kTimeout); }), "mismatch");
}

TEST(Runner, ShowsNothingThatItHasSentItself) {
  Trial run{R"([{ send = "PASS s3cret\n" }, { expect = "^OK" }])"};

  run.start().receive("you said PASS s3cret\r\nno\n").fin();

  EXPECT_EQ(run.runner.result().got, "you said <sent>\\r\\nno\\n");
}

TEST(Runner, ShowsNothingOfATextThatItHasMade) {
  Trial run{R"([{ expect = '^key (\w+)' }, { send = "${1} s3cret\n" }, { expect = "^OK" }])", {.rounds = 2}};

  run.start().receive("key ada\n").receive("ada s3cret\nOK\nkey bob\n").receive("bob s3cret\n").fin();

  EXPECT_EQ(run.result(), "L7EOF");
  EXPECT_EQ(run.runner.result().got, "<sent>\\n");
}

TEST(Runner, ShowsWhatCameThatItWouldHaveSentLater) {
  Trial run{R"([{ expect = "^OK" }, { send = "PASS s3cret\n" }])"};

  run.start().receive("PASS s3cret\n").fin();

  EXPECT_EQ(run.runner.result().got, "PASS s3cret\\n");
}

TEST(Runner, TellsWhichStepItWaitsIn) {
  Trial run{R"([{ send = "x" }, { expect = "a" }, { expect_eof = true }])"};
  EXPECT_FALSE(run.runner.waits_in());

  run.start();
  ASSERT_TRUE(run.runner.waits_in());
  EXPECT_EQ(run.runner.waits_in()->n, 2U);
  EXPECT_EQ(run.runner.waits_in()->kind, StepKind::expect);
  EXPECT_EQ(run.runner.result().steps.size(), 1U) << "those that are over are told at once";
  run.receive("a\n").fin();

  EXPECT_FALSE(run.runner.waits_in());
}

}  // namespace
}  // namespace tcpctl
