// SPDX-License-Identifier: Apache-2.0
#include "api/front_workers.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/thread.hpp"

namespace tcpctl::api {
namespace {

/// What sched_setattr(2) takes: its first version. <linux/sched/types.h> cannot stand beside <sched.h>.
struct SchedAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(SchedAttributes) == 48);

/// Who reads long lists shall not slow the connections down: where both want the CPU, these threads get a
/// tenth of what a loop gets, and a loop that wakes up need not wait for them. The slice asked for says the
/// latter, since Linux 6.12; kernels before do not look at it. Source: sched_setattr(2), sched(7).
void give_way() {
  SchedAttributes wanted{};
  wanted.size = sizeof wanted;
  wanted.policy = SCHED_OTHER;
  wanted.nice = 10;
  wanted.runtime = 100'000'000;                        // the longest there is, in ns
  (void)::syscall(SYS_sched_setattr, 0, &wanted, 0U);  // of this thread; refused, it is as urgent as others
}

}  // namespace

FrontWorkers::Worker::Worker(const std::string& name)
    : loop{name}, thread{named_thread(loop.name(), [this] { work(); })} {}

void FrontWorkers::Worker::work() {
  give_way();
  loop.run();
}

FrontWorkers::FrontWorkers(Loop& home, std::size_t count, std::size_t queue, const std::string& name)
    : home_{home}, queue_{queue} {
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(fmt::format("{}-{}", name, i)));
    idle_.push_back(i);
  }
}

FrontWorkers::~FrontWorkers() { stop(); }

std::vector<Loop*> FrontWorkers::loops() {
  std::vector<Loop*> loops;
  for (const auto& worker : workers_) loops.push_back(&worker->loop);
  return loops;
}

bool FrontWorkers::submit(Work work, bool urgent, bool may_wait) {
  auto& queue = urgent ? urgent_ : usual_;
  if (idle_.empty() && (!may_wait || queue.size() >= queue_)) return false;
  queue.push_back(std::move(work));
  assign();
  return true;
}

void FrontWorkers::assign() {
  while (!idle_.empty() && !(urgent_.empty() && usual_.empty())) {
    const bool urgent = !urgent_.empty() && (usual_.empty() || urgent_in_row_ < kMostInRow);
    urgent_in_row_ = urgent ? urgent_in_row_ + 1 : 0;
    auto& queue = urgent ? urgent_ : usual_;
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
