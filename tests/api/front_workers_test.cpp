// SPDX-License-Identifier: Apache-2.0
#include "api/front_workers.hpp"

#include <future>
#include <string>

#include <gmock/gmock.h>

#include "engine/loop.hpp"

namespace tcpctl::api {
namespace {

/// One worker, whose home is the test's own thread.
class FrontWorkersTest : public testing::Test {
 protected:
  /// A task that is told in `done` by its name.
  FrontWorkers::Work task(std::string name) {
    return [this, name = std::move(name)] {
      return [this, name] {
        done.push_back(name);
        if (done.size() == expected) home.stop();
      };
    };
  }
  Loop home{"home"};
  FrontWorkers workers{home, 1, 4};
  std::vector<std::string> done;
  std::size_t expected{0};
};

TEST_F(FrontWorkersTest, TakeUrgentTasksFirstButEveryFourthTime) {
  std::promise<void> begun;
  std::promise<void> go_on;
  ASSERT_TRUE(workers.submit(
      [&] {
        begun.set_value();
        go_on.get_future().wait();
        return [] {};
      },
      false));
  begun.get_future().wait();
  for (const char* const name : {"usual 1", "usual 2"}) ASSERT_TRUE(workers.submit(task(name), false));
  for (const char* const name : {"urgent 1", "urgent 2", "urgent 3", "urgent 4"})
    ASSERT_TRUE(workers.submit(task(name), true));
  expected = 6;

  go_on.set_value();
  home.run();

  EXPECT_THAT(done,
              testing::ElementsAre("urgent 1", "urgent 2", "urgent 3", "usual 1", "urgent 4", "usual 2"));
  workers.stop();
}

TEST_F(FrontWorkersTest, RefuseATaskThatMayNotWait) {
  std::promise<void> go_on;
  ASSERT_TRUE(workers.submit(
      [&] {
        go_on.get_future().wait();
        return [] {};
      },
      false, false));

  EXPECT_FALSE(workers.submit(task("late"), false, false));

  go_on.set_value();
  workers.stop();
}

TEST_F(FrontWorkersTest, TakeNoMoreTasksThanMayWait) {
  std::promise<void> go_on;
  ASSERT_TRUE(workers.submit(
      [&] {
        go_on.get_future().wait();
        return [] {};
      },
      false));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(workers.submit(task("usual"), false));

  EXPECT_FALSE(workers.submit(task("one too many"), false));
  EXPECT_TRUE(workers.submit(task("urgent"), true));
  workers.forget_waiting();
  go_on.set_value();
  workers.stop();
}

}  // namespace
}  // namespace tcpctl::api
