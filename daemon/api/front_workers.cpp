// SPDX-License-Identifier: Apache-2.0
#include "api/front_workers.hpp"

#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/thread.hpp"

namespace tcpctl::api {
namespace {

/// Who reads long lists shall not slow the connections down: where both want the CPU, these get a third of
/// what a loop gets.
constexpr int kNice = 5;

}  // namespace

FrontWorkers::Worker::Worker(std::size_t index)
    : loop{fmt::format("api-{}", index)}, thread{named_thread(loop.name(), [this] { work(); })} {}

void FrontWorkers::Worker::work() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);  // of this thread alone: setpriority(2)
  loop.run();
}

FrontWorkers::FrontWorkers(Loop& home, std::size_t count, std::size_t queue) : home_{home}, queue_{queue} {
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i));
    idle_.push_back(i);
  }
}

FrontWorkers::~FrontWorkers() { stop(); }

bool FrontWorkers::submit(Work work, bool urgent) {
  auto& queue = urgent ? urgent_ : usual_;
  if (idle_.empty() && queue.size() >= queue_) return false;
  queue.push_back(std::move(work));
  assign();
  return true;
}

void FrontWorkers::assign() {
  while (!idle_.empty() && !(urgent_.empty() && usual_.empty())) {
    auto& queue = urgent_.empty() ? usual_ : urgent_;
    auto work = std::move(queue.front());
    queue.pop_front();
    const auto worker = idle_.back();
    idle_.pop_back();
    run_on(worker, std::move(work));
  }
}

void FrontWorkers::run_on(std::size_t worker, Work work) {
  workers_[worker]->loop.post([this, worker, work = std::move(work)] {
    home_.post([this, worker, done = work()] {
      done();
      idle_.push_back(worker);
      assign();
    });
  });
}

void FrontWorkers::forget_waiting() {
  urgent_.clear();
  usual_.clear();
}

void FrontWorkers::stop() {
  for (const auto& worker : workers_) worker->loop.stop();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  workers_.clear();
}

}  // namespace tcpctl::api
