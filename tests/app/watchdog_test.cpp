// SPDX-License-Identifier: Apache-2.0
#include "app/watchdog.hpp"

#include <chrono>
#include <future>
#include <semaphore>

#include <gtest/gtest.h>

#include "engine/thread.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;

/// A loop in a thread of its own.
struct Turning {
  explicit Turning(const std::string& name)
      : loop{name}, thread{named_thread(name, [this] { loop.run(); })} {}
  Turning(const Turning&) = delete;
  Turning& operator=(const Turning&) = delete;
  ~Turning() {
    loop.stop();
    thread.join();
  }
  Watchdog::Watched watched() {
    return {loop.name(), [this](Loop::Task task) { loop.post(std::move(task)); }};
  }
  Loop loop;
  std::thread thread;
};

TEST(WatchdogTest, FeedsWhileAllLoopsTurn) {
  Turning one{"one"}, two{"two"};
  std::counting_semaphore<> fed{0};

  const Watchdog watchdog{{one.watched(), two.watched()}, 80ms, [&] { fed.release(); }};

  for (int i = 0; i < 5; ++i) fed.acquire();
}

TEST(WatchdogTest, StopsWhileOneDoesNotTurnAndGoesOnAfterIt) {
  Turning one{"one"}, two{"two"};
  std::counting_semaphore<> fed{0};
  std::promise<void> let_go;
  const Watchdog watchdog{{one.watched(), two.watched()}, 80ms, [&] { fed.release(); }};
  fed.acquire();
  std::promise<void> held;
  two.loop.post([&, until = let_go.get_future().share()] {
    held.set_value();
    until.wait();
  });
  held.get_future().wait();

  // What was answered before may feed it twice yet; then nothing does.
  while (fed.try_acquire_for(200ms)) {
  }
  EXPECT_FALSE(fed.try_acquire());
  let_go.set_value();
  fed.acquire();
}

TEST(WatchdogTest, MayGoBeforeWhatItWatches) {
  Turning one{"one"};
  std::promise<void> let_go;
  one.loop.post([until = let_go.get_future().share()] { until.wait(); });
  {
    const Watchdog watchdog{{one.watched()}, 8ms, [] {}};
  }
  let_go.set_value();
  std::promise<void> turned;
  one.loop.post([&] { turned.set_value(); });
  turned.get_future().wait();
}

}  // namespace
}  // namespace tcpctl
