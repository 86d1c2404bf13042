// SPDX-License-Identifier: Apache-2.0
#include "steps/steps.hpp"

#include <gmock/gmock.h>

#include "support/options.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Steps steps(const std::string& list) {
  const test::Options options{"steps = " + list, step_keys()};
  return parse_steps(options.reader()).value();
}

std::vector<std::string> mistakes(const std::string& list) {
  const test::Options options{"steps = " + list, step_keys()};
  if (!options.mistakes().empty()) return options.mistakes();
  const auto read = parse_steps(options.reader());
  return read ? std::vector<std::string>{} : test::whats(read.error());
}

TEST(Steps, ReadsEachKindOfStep) {
  const auto read = steps(R"([
    { expect = "^220 " }, { send = "QUIT\r\n" }, { send_bytes = "0d 0a" }, { reject = "^5" }, { wait = "150ms" },
    { expect_bytes = "ff00" }, { expect_eof = true }, { close = true }, { reset = true }])");

  std::vector<std::string_view> kinds;
  for (const auto& step : *read) kinds.push_back(text(step.kind));
  EXPECT_THAT(kinds, ElementsAre("expect", "send", "send_bytes", "reject", "wait", "expect_bytes",
                                 "expect_eof", "close", "reset"));
  EXPECT_EQ(read->at(1).bytes, "QUIT\r\n");
  EXPECT_EQ(read->at(2).bytes, "\r\n");
  EXPECT_EQ(read->at(4).wait, 150ms);
  EXPECT_EQ(read->at(5).bytes, std::string("\xff\0", 2));
}

TEST(Steps, AreNoneWhereNoneAreWritten) { EXPECT_TRUE(steps("[]")->empty()); }

TEST(Steps, RefuseAStepOfTwoKinds) {
  EXPECT_THAT(mistakes(R"([{ send = "a", expect = "b" }])"),
              ElementsAre("a step is one thing: put 'send' and 'expect' into two steps"));
}

TEST(Steps, RefuseAStepOfNoKind) {
  EXPECT_THAT(mistakes("[{}]"),
              ElementsAre("a step needs one of send, send_bytes, expect, expect_bytes, reject, "
                          "expect_eof, expect_refused, wait, close, reset"));
}

TEST(Steps, RefuseAKindThatDoesNotExist) {
  EXPECT_THAT(mistakes(R"([{ expct = "b" }])"), ElementsAre(HasSubstr("did you mean 'expect'?")));
}

TEST(Steps, ReportEveryWrongPatternAtOnce) {
  EXPECT_THAT(mistakes(R"([{ expect = "(" }, { expect = "a" }, { reject = "[" }, { wait = "1s" }])"),
              ElementsAre(HasSubstr("missing )"), HasSubstr("missing ]")));
}

TEST(Steps, PointToTheStepThatIsWrong) {
  const test::Options options{"steps = [\n  { expect = \"a\" },\n  { expect = \"(\" },\n]", step_keys()};

  const auto read = parse_steps(options.reader());

  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().front().text(), HasSubstr("test.toml:3:"));
}

TEST(Steps, RefuseAFlagThatIsFalse) {
  EXPECT_THAT(mistakes("[{ expect_eof = false }]"),
              ElementsAre("'expect_eof' can only be true; or leave the step out"));
}

TEST(Steps, RefuseToGoOnWhereTheConnectionIsToBeRefused) {
  EXPECT_THAT(mistakes(R"([{ expect_refused = true }, { send = "x" }])"),
              ElementsAre("where the connection is to be refused no other step can be taken"));
}

TEST(Steps, RefuseToExpectAnythingBehindTheFin) {
  EXPECT_THAT(mistakes(R"([{ expect_eof = true }, { send = "x" }, { expect = "y" }])"),
              ElementsAre("nothing can come after the peer's FIN"));
}

TEST(Steps, RefuseToSendAfterTheOwnFin) {
  EXPECT_THAT(mistakes(R"([{ close = true }, { expect = "x" }, { send = "y" }])"),
              ElementsAre("nothing can be sent after 'close'"));
  EXPECT_THAT(mistakes("[{ close = true }, { close = true }]"),
              ElementsAre("nothing can be sent after 'close'"));
}

TEST(Steps, RefuseAnythingBehindAReset) {
  EXPECT_THAT(mistakes("[{ reset = true }, { expect_eof = true }]"),
              ElementsAre("'reset' ends the connection; make it the last step"));
}

TEST(Steps, OfAScriptCannotExpectARefusal) {
  const test::Options options{"steps = [{ expect_refused = true }]", step_keys()};

  EXPECT_THAT(test::whats(parse_steps(options.reader(), StepsFor::script).error()),
              ElementsAre("a connection that was accepted cannot be refused"));
}

TEST(Steps, OfAScriptMayBeMore) {
  std::string list = "steps = [";
  for (std::size_t i = 0; i < kMostScriptSteps; ++i) list += "{ send = \"x\" },";
  const test::Options most{list + "]", step_keys()};
  const test::Options beyond{list + "{ send = \"x\" }]", step_keys()};

  EXPECT_TRUE(parse_steps(most.reader(), StepsFor::script));
  EXPECT_THAT(test::whats(parse_steps(beyond.reader(), StepsFor::script).error()),
              ElementsAre("1001 steps; at most 1000"));
}

TEST(Steps, RefuseARejectThatNothingWaitsFor) {
  EXPECT_THAT(mistakes(R"([{ expect = "x" }, { reject = "y" }, { send = "z" }])"),
              ElementsAre(HasSubstr("'reject' needs a step behind it that waits")));
}

TEST(Steps, RefuseBytesThatDoNotFitTheWindow) {
  std::string hex;
  for (int i = 0; i <= 65536; ++i) hex += "00";

  EXPECT_THAT(mistakes("[{ expect_bytes = \"" + hex + "\" }]"),
              ElementsAre("steps[0].expect_bytes: must have at most 65536 bytes, got 65537"));
}

TEST(Steps, RefuseMoreStepsThanCanBeMeant) {
  std::string list = "[";
  for (std::size_t i = 0; i <= kMostSteps; ++i) list += "{ send = \"x\" },";

  EXPECT_THAT(mistakes(list + "]"), ElementsAre("101 steps; at most 100"));
}

TEST(Steps, KeepTheirPayloadsSecret) {
  for (const auto& key : step_keys()) {
    const bool is_payload = key.type == config::KeyType::text || key.type == config::KeyType::hex ||
                            key.type == config::KeyType::pattern;
    EXPECT_EQ(key.secret, is_payload) << key.path;
  }
}

TEST(Steps, OfALoginAreThoseBehindWhichTheConnectionGoesOn) {
  const test::Options options{"login = [{ expect = \"^a\" }, { send = \"b\" }]", login_keys()};

  const auto steps = parse_steps(options.reader(), StepsFor::login);

  ASSERT_TRUE(steps);
  EXPECT_EQ((*steps)->size(), 2U);
  EXPECT_EQ((*steps)->at(1).bytes, "b");
  std::vector<std::string_view> paths;
  for (const auto& key : login_keys()) paths.push_back(key.path);
  EXPECT_THAT(paths, testing::ElementsAre("login[].send", "login[].send_bytes", "login[].expect",
                                          "login[].expect_bytes", "login[].reject", "login[].wait",
                                          "login[].timeout"));
}

TEST(Steps, LetAStepThatWaitsForThePeerHaveATimeout) {
  const auto read = steps(
      R"([{ expect = "a", timeout = "1s" }, { expect_bytes = "00" }, { expect_eof = true, timeout = "5ms" }])");

  EXPECT_EQ(read->at(0).timeout, 1s);
  EXPECT_EQ(read->at(1).timeout, std::nullopt);
  EXPECT_EQ(read->at(2).timeout, 5ms);
  EXPECT_THAT(mistakes(R"([{ send = "a", timeout = "1s" }, { wait = "1s", timeout = "2s" }])"),
              ElementsAre("'send' waits for nobody; a timeout is for expect, expect_bytes and expect_eof",
                          "'wait' waits for nobody; a timeout is for expect, expect_bytes and expect_eof"));
  EXPECT_THAT(mistakes(R"([{ expect = "a", timeout = "0s" }])"), testing::SizeIs(1));
}

TEST(Steps, KeepTheGroupsThatLaterStepsSend) {
  const auto read = steps(R"([
    { expect = '(a)(?P<id>b)' }, { send = "x${id}y${2}" }, { expect = '(c)' }, { send = "${1}${id}" },
    { send = "$${1} $" }])");

  EXPECT_EQ(read->at(0).captures, (std::vector<Capture>{{2, 0}}));
  EXPECT_EQ(read->at(1).bytes, "xy");
  EXPECT_EQ(read->at(1).insertions, (std::vector<Insertion>{{1, 0}, {2, 0}}));
  EXPECT_EQ(read->at(2).captures, (std::vector<Capture>{{1, 1}})) << "the last expect that has the group";
  EXPECT_EQ(read->at(3).insertions, (std::vector<Insertion>{{0, 1}, {0, 0}}));
  EXPECT_EQ(read->at(4).bytes, "${1} $");
  EXPECT_TRUE(read->at(4).insertions.empty());
}

TEST(Steps, RefuseAReferenceToAGroupThatNoExpectBeforeHas) {
  EXPECT_THAT(mistakes(R"([{ send = "${1}" }, { expect = '(a)' }])"),
              ElementsAre("the 1. '${' refers to a group of no expect before; write '$${' for '${' itself"));
  EXPECT_THAT(mistakes(R"([{ expect = '(a)' }, { send = "${2} ${user}" }])"),
              ElementsAre(HasSubstr("the 1. '${' refers")));
  EXPECT_THAT(mistakes(R"([{ reject = '(?P<id>a)' }, { expect = "b" }, { send = "${id}" }])"),
              ElementsAre(HasSubstr("the 1. '${' refers")));
  EXPECT_THAT(mistakes(R"([{ expect = '(a)' }, { send = "${a b}" }])"),
              ElementsAre(HasSubstr("at byte 1 is no reference")));
}

}  // namespace
}  // namespace tcpctl
