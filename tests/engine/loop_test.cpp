// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;

TEST(Loop, RunsTasksInTheOrderPosted) {
  Loop loop{"test"};
  std::vector<int> ran;
  for (int i = 0; i < 4; ++i) loop.post([&ran, i] { ran.push_back(i); });

  loop.stop();
  loop.run();

  EXPECT_THAT(ran, ElementsAre(0, 1, 2, 3));
}

TEST(Loop, RunsWhatATaskPostsAfterTheTasksBeforeIt) {
  Loop loop{"test"};
  std::vector<int> ran;
  loop.post([&] {
    loop.post([&] {
      ran.push_back(3);
      loop.stop();
    });
    ran.push_back(1);
  });
  loop.post([&] { ran.push_back(2); });

  loop.run();

  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(Loop, RunsWhatWasPostedRightAfterItsStop) {
  Loop loop{"test"};
  std::vector<int> ran;
  loop.post([&] {
    loop.stop();
    loop.post([&] { ran.push_back(1); });
  });

  loop.run();

  EXPECT_THAT(ran, ElementsAre(1));
}

TEST(Loop, TakesTasksFromManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  Loop loop{"test"};
  std::vector<std::vector<int>> ran(kThreads);  // touched on the loop alone
  std::thread runner{[&] { loop.run(); }};

  std::vector<std::thread> posters;
  for (std::size_t t = 0; t < kThreads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) loop.post([&ran, t, i] { ran[t].push_back(i); });
    });
  }
  for (auto& poster : posters) poster.join();
  loop.stop();
  runner.join();

  for (const auto& of_one : ran) {
    ASSERT_EQ(of_one.size(), static_cast<std::size_t>(kTasks));
    EXPECT_TRUE(std::ranges::is_sorted(of_one));
  }
}

TEST(Loop, BelongsToTheThreadThatRunsIt) {
  Loop loop{"worker"};
  bool inside = false;
  loop.post([&] {
    inside = loop.is_here();
    loop.stop();
  });

  std::thread runner{[&] { loop.run(); }};
  runner.join();

  EXPECT_TRUE(inside);
  EXPECT_FALSE(loop.is_here());
  EXPECT_EQ(loop.name(), "worker");
}

TEST(Loop, RunsAgainAfterAStop) {
  Loop loop{"test"};
  int runs = 0;
  for (int i = 0; i < 2; ++i) {
    loop.post([&] { ++runs; });
    loop.stop();
    loop.run();
  }

  EXPECT_EQ(runs, 2);
}

TEST(Loop, FreesTasksThatItNeverRan) {
  const auto value = std::make_shared<int>(1);
  {
    Loop loop{"test"};
    loop.post([value] {});
  }

  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace tcpctl
