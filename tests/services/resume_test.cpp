// SPDX-License-Identifier: Apache-2.0
// How services go on in the daemon's next process.
#include <gtest/gtest.h>

#include "support/fake_session.hpp"
#include "support/service_maker.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Conversation;
using test::make_service;

/// The same service elsewhere, with the state of `before`.
Conversation next(const Conversation& before, const char* service, const std::string& options = "") {
  Conversation after{make_service(service, options)};
  after.session.capacity = before.session.capacity;
  const auto state = before.state();
  EXPECT_TRUE(state && after.resume(*state));
  return after;
}

TEST(Resume, AnEchoNeedsNothing) {
  Conversation before{make_service("echo", "")};
  before.open();

  auto after = next(before, "echo");
  after.say("here");

  EXPECT_EQ(after.session.sent, "here");
}

TEST(Resume, ADialogDoesNotGreetAgainAndKnowsItsHalfLine) {
  const std::string options = "greeting = \"hello\\n\"\nreply = \"{n}: {line}\\n\"\nmax_messages = 2\n";
  Conversation before{make_service("dialog", options)};
  before.open();
  before.say("one\ntw");

  auto after = next(before, "dialog", options);
  after.say("o\n");

  EXPECT_EQ(after.session.sent, "2: two\n");
  EXPECT_EQ(after.session.end, ServiceEnd::limit);
}

TEST(Resume, ADialogEndsWhenItsTimeIsOver) {
  const std::string options = "max_time = \"10s\"\n";
  Conversation before{make_service("dialog", options)};
  before.open();

  const auto after = next(before, "dialog", options);

  EXPECT_EQ(after.session.wake, before.session.wake);
}

TEST(Resume, ALineThatIsTooLongForTheNewLimitIsNotTaken) {
  Conversation before{make_service("dialog", "")};
  before.open();
  before.say("0123456789");
  Conversation after{make_service("dialog", "max_line = \"4B\"\n")};

  EXPECT_FALSE(after.resume(*before.state()));
}

TEST(Resume, DiscardGoesOnCounting) {
  const std::string options = "close_after = \"6B\"\n";
  Conversation before{make_service("discard", options)};
  before.open();
  before.say("four");

  auto after = next(before, "discard", options);
  after.say("56");

  EXPECT_TRUE(after.session.finished);
}

TEST(Resume, ChargenGoesOnWhereItWas) {
  Conversation before{make_service("chargen", "")};
  before.session.capacity = 100;
  before.open();

  const auto after = next(before, "chargen");

  Conversation whole{make_service("chargen", "")};
  whole.session.capacity = 200;
  whole.open();
  EXPECT_EQ(before.session.sent + after.session.sent, whole.session.sent);
}

TEST(Resume, AScriptCannot) {
  const Conversation before{make_service("script", "steps = [{ expect = \"one\" }]\n")};

  EXPECT_FALSE(before.state());
}

TEST(Resume, AStateOfAnotherServiceIsNotTaken) {
  Conversation talk{make_service("dialog", "")};

  EXPECT_FALSE(talk.resume({{1}, {}}));
}

}  // namespace
}  // namespace tcpctl
