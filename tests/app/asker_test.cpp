// SPDX-License-Identifier: Apache-2.0
#include "app/asker.hpp"

#include <thread>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

/// Loops that run on no thread, unless a test runs them: they answer nothing.
class AskerTest : public testing::Test {
 protected:
  Loop main_{"main"};
  CrewThreads crew_{2, 1000, 100};
};

TEST_F(AskerTest, GivesUpOnALoopThatDoesNotAnswer) {
  Asker asker{main_, crew_, 1ms};

  const auto answer = asker.main([] { return 1; });

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(answer.error().what, "the main loop did not answer in time");
}

TEST_F(AskerTest, NamesTheWorkerThatDoesNotAnswer) {
  Asker asker{main_, crew_, 1ms};

  EXPECT_EQ(asker.worker(1, [](Hub&) { return 1; }).error().what, "worker 2 did not answer in time");
  EXPECT_EQ(asker.workers([](Hub&) { return 1; }).error().what, "worker 1 did not answer in time");
}

TEST_F(AskerTest, HasOneDeadlineForAllQuestionsOfARequest) {
  using Clock = std::chrono::steady_clock;
  Asker asker{main_, crew_, 1h};
  Asker::Request late{asker, Clock::now() - 1s};

  // Either would wait for an hour with a deadline of its own.
  EXPECT_EQ(late.main([] { return 1; }).error().code, Errc::timed_out);
  EXPECT_EQ(late.workers([](Hub&) { return 1; }).error().code, Errc::timed_out);
}

TEST_F(AskerTest, AnswersWhatTheLoopsAnswer) {
  crew_.start();
  std::thread runner{[this] { main_.run(); }};
  Asker asker{main_, crew_, 1h};

  auto request = asker.request();
  EXPECT_EQ(request.main([] { return 1; }), 1);
  EXPECT_THAT(request.workers([](Hub& hub) { return hub.worker().index(); }).value(),
              testing::ElementsAre(0U, 1U));

  main_.stop();
  runner.join();
  crew_.stop();
}

TEST_F(AskerTest, AChangeThatWasGivenUpIsNeverMade) {
  Asker asker{main_, crew_, 1ms};
  int made = 0;

  const auto on_main = asker.change().main([&] { return ++made; });
  const auto on_worker = asker.change().worker(0, [&](Hub&) { return ++made; });
  main_.stop();
  main_.run();  // what was posted comes first
  crew_.start();
  crew_.stop();

  EXPECT_EQ(on_main.error().code, Errc::timed_out);
  EXPECT_EQ(on_main.error().what, "the main loop did not answer in time; nothing was done");
  EXPECT_EQ(on_worker.error().code, Errc::timed_out);
  EXPECT_EQ(made, 0);
}

TEST_F(AskerTest, TheEndOfAChangeThatHasBegunIsWaitedFor) {
  std::thread runner{[this] { main_.run(); }};
  Asker asker{main_, crew_, 1h};
  // Cancelling is as passing the deadline; who waits looks at both about every 20 ms.
  const auto last_long = [&asker] {
    asker.cancel();
    for (const auto until = std::chrono::steady_clock::now() + 100ms;
         std::chrono::steady_clock::now() < until;)
      std::this_thread::yield();
    return 1;
  };

  const auto changed = asker.change().main(last_long);
  const auto asked = asker.main(last_long);

  EXPECT_EQ(changed, 1);
  EXPECT_EQ(asked.error().code, Errc::unavailable);
  main_.stop();
  runner.join();
}

}  // namespace
}  // namespace tcpctl
