// SPDX-License-Identifier: Apache-2.0
#include "connections/pipe_pool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace tcpctl {
namespace {

TEST(PipePoolTest, GivesPipesThatHoldEnough) {
  PipePool pool;
  const PipePtr pipe = pool.take(now());
  ASSERT_TRUE(pipe);
  EXPECT_GE(::fcntl(pipe->read.get(), F_GETPIPE_SZ), static_cast<int>(PipePool::kLeastBytes));
  EXPECT_EQ(pool.in_use(), 1U);
}

TEST(PipePoolTest, UsesAPipeAgain) {
  PipePool pool;
  PipePtr pipe = pool.take(now());
  const int before = pipe->read.get();
  pool.give_back(std::move(pipe));
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(pool.take(now())->read.get(), before);
}

TEST(PipePoolTest, GivesNoMoreThanItsBound) {
  PipePool pool{2};
  PipePtr first = pool.take(now());
  const PipePtr second = pool.take(now());
  EXPECT_FALSE(pool.take(now()));

  pool.forget(std::move(first));

  EXPECT_TRUE(pool.take(now()));
}

TEST(PipePoolTest, AsksAgainAMomentAfterThereWasNone) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{0, before.rlim_max};
  PipePool pool;
  const Instant start = now();
  ::setrlimit(RLIMIT_NOFILE, &none);
  EXPECT_FALSE(pool.take(start));
  ::setrlimit(RLIMIT_NOFILE, &before);

  EXPECT_FALSE(pool.take(start)) << "not at once: each attempt costs system calls";
  EXPECT_TRUE(pool.take(start + std::chrono::seconds{2}));
}

}  // namespace
}  // namespace tcpctl
